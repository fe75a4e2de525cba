package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	lines := make(chan string)
	go func() {
		input := bufio.NewScanner(os.Stdin)
		input.Buffer(nil, 1<<24)
		for input.Scan() {
			lines <- input.Text()
		}
		close(lines)
	}()
	switch len(os.Args) {
	case 2:
		frames(os.Args[1], lines)
	case 4:
		if err := Chat(os.Args[1], os.Args[2], os.Args[3], lines); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: hubbub-client ws://HOST/ws NAME ROOM, or ws://HOST/ws for the runner of dialogues")
		os.Exit(2)
	}
}

// frames is for the runner of dialogues: it sends each line as a frame, and prints each frame that it receives.
func frames(url string, lines <-chan string) {
	socket := Dial(url)
	for {
		select {
		case line, more := <-lines:
			var code int
			if !more {
				return
			} else if _, err := fmt.Sscanf(line, "close %d", &code); err == nil {
				socket.WriteClose(code)
			} else {
				socket.WriteText([]byte(line))
			}
		case frame := <-socket.Frames:
			fmt.Println(string(frame))
		case code := <-socket.Closed:
			fmt.Println("close", code)
			return
		}
	}
}
