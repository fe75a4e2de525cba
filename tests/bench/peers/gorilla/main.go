// The usual Go chat server: one hub for each room, and for each client two goroutines and a channel.
package main

import (
	"flag"
	"log"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferSize: 1024,
	CheckOrigin:     func(*http.Request) bool { return true },
}

type rooms struct {
	sync.Mutex
	hubs map[string]*hub
}

func (r *rooms) hub(name string) *hub {
	r.Lock()
	defer r.Unlock()
	found := r.hubs[name]
	if found == nil {
		found = newHub()
		r.hubs[name] = found
		go found.run()
	}
	return found
}

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	flag.DurationVar(&pingPeriod, "ping", pingPeriod, "between two pings of a client, less than a minute")
	flag.Parse()
	all := &rooms{hubs: map[string]*hub{}}
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &client{hub: all.hub(r.URL.Query().Get("room")), conn: conn, send: make(chan []byte, 256)}
		c.hub.register <- c
		go c.write()
		go c.read()
	})
	log.Fatal(http.ListenAndServe(*address, nil))
}
