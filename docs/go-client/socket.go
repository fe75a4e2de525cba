package main

import (
	"encoding/json"
	"time"

	"github.com/gorilla/websocket"
)

// The server pings every 25 s by default; a connection is lost without any frame for 10 s more (CS5).
const heartbeat = 35 * time.Second

// Socket is one websocket: its text frames, and the code with which it ended.
type Socket struct {
	Frames <-chan []byte
	Closed <-chan int
	socket *websocket.Conn
}

// Dial opens a socket. One that can't be opened is closed with 1006.
func Dial(url string) *Socket {
	frames, closed := make(chan []byte), make(chan int, 1)
	dialer := websocket.Dialer{Subprotocols: []string{"hubbub.v1"}, HandshakeTimeout: 10 * time.Second}
	socket, _, err := dialer.Dial(url, nil)
	if err != nil {
		closed <- websocket.CloseAbnormalClosure
		return &Socket{frames, closed, nil}
	}
	go func() {
		for {
			_ = socket.SetReadDeadline(time.Now().Add(heartbeat))
			_, frame, err := socket.ReadMessage() // it answers the pings, too
			if err == nil {
				frames <- frame
				continue
			}
			code := websocket.CloseAbnormalClosure
			if end, ok := err.(*websocket.CloseError); ok {
				code = end.Code
			}
			closed <- code
			return
		}
	}()
	return &Socket{frames, closed, socket}
}

// Write sends a command. A failure shows in Closed.
func (socket *Socket) Write(command any) {
	text, _ := json.Marshal(command)
	socket.WriteText(text)
}

// WriteText sends a text frame.
func (socket *Socket) WriteText(text []byte) {
	if socket.socket != nil {
		_ = socket.socket.WriteMessage(websocket.TextMessage, text)
	}
}

// WriteClose starts the closing handshake.
func (socket *Socket) WriteClose(code int) {
	if socket.socket != nil {
		_ = socket.socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
	}
}

// Close ends the connection at once.
func (socket *Socket) Close() {
	if socket.socket != nil {
		_ = socket.socket.Close()
	}
}
