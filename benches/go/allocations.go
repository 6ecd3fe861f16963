package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
)

const request = "POST /uppercase HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{\"s\":\"hello\"}"

// allocations prints what the handler allocates for a request of one connection, as `ALLOCATIONS BYTES`. Its client only reads
// and writes, into memory it has.
func allocations(handler http.Handler, count int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(listener, handler)
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	question, answer := []byte(request), make([]byte, 4096)
	if err := calls(conn, question, answer, 100); err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := calls(conn, question, answer, count); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	fmt.Printf("%.1f %.0f\n", float64(after.Mallocs-before.Mallocs)/float64(count),
		float64(after.TotalAlloc-before.TotalAlloc)/float64(count))
	return nil
}

func calls(conn net.Conn, question, answer []byte, times int) error {
	for i := 0; i < times; i++ {
		if _, err := conn.Write(question); err != nil {
			return err
		}
		for have := 0; !bytes.HasSuffix(answer[:have], []byte("\"HELLO\"}\n")); {
			if have == len(answer) {
				return errors.New("an answer that is none")
			}
			n, err := conn.Read(answer[have:])
			if err != nil {
				return err
			}
			have += n
		}
	}
	return nil
}
