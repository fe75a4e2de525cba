// A client of the hubbub protocol: it reconnects, recovers what it missed, and sends each message once.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"time"
)

type object = map[string]any

// Chat prints a room, and sends the lines of a channel. It returns when another attempt would fail the same way.
func Chat(url, name, room string, lines <-chan string) error {
	hello, join := object{"type": "hello", "id": 1, "name": name}, object{"type": "join", "id": 2, "room": room}
	queue := []object{}
	for losses := 0; ; losses++ {
		socket, live := Dial(url), false
		next := func() { // TL6, TL7: one message at a time, and only in a joined room
			if live && len(queue) > 0 {
				socket.Write(queue[0])
			}
		}
		socket.Write(hello)
		for code := 0; code == 0; {
			select {
			case text, more := <-lines:
				if !more {
					lines = nil // a closed channel would be ready for ever
				} else if queue = append(queue, object{"type": "send", "id": 3, "room": room, "text": text, "key": rand.Text()}); len(queue) == 1 {
					next()
				}
			case code = <-socket.Closed:
				if final(code) {
					return fmt.Errorf("the server closed the connection with %d", code)
				}
			case frame := <-socket.Frames:
				var event object
				_ = json.Unmarshal(frame, &event)
				switch event["type"] {
				case "welcome": // CS6: the session proves the name after a reconnect
					hello["name"], hello["session"], losses = event["user"], event["session"], 0
					socket.Write(join)
				case "joined": // TL4: what was missed, or the last messages
					recovered := event["recovered"] == true
					for _, entry := range event["messages"].([]any) {
						accept(join, entry.(object), recovered)
					}
					if live = true; !recovered {
						join["since"] = object{"epoch": event["epoch"], "offset": event["head"]}
					}
					next()
				case "message", "change": // TL2: ignored while the room is joining; after a hole it joins again
					if live && !accept(join, event, true) {
						live = false
						socket.Write(join)
					}
				case "reset": // RM6, TL5
					if event["offset"] != 0.0 {
						fmt.Println("-- messages are missing")
					}
					join["since"] = object{"epoch": event["epoch"], "offset": event["offset"]}
				case "sent":
					queue = queue[1:]
					next()
				case "error":
					if event["retry"] != true {
						return fmt.Errorf("%v: %v", event["code"], event["message"])
					}
					socket.Close() // a simple way to wait, and to try again under the same key (TL11)
				}
			}
		}
		longest := math.Min(20_000, 500*math.Exp2(float64(losses))) // BO1
		time.Sleep(time.Duration(mathrand.Float64()*longest) * time.Millisecond)
	}
}

// accept prints an entry; it returns false for a hole in the chain (TL1).
func accept(join, entry object, chained bool) bool {
	if chained {
		since, offset := join["since"].(object), entry["offset"].(float64)
		if offset <= since["offset"].(float64) {
			return true // a duplicate
		} else if entry["prev"] != since["offset"] {
			return false
		}
		since["offset"] = offset
	}
	if entry["type"] == "message" {
		fmt.Printf("%v: %v\n", entry["user"], entry["text"])
	}
	return true
}

// final returns whether a client stops after a close code (CL1).
func final(code int) bool {
	return code >= 4500 || code == 1002 || code == 1003 || code >= 1007 && code <= 1010
}
