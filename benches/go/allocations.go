package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
)

// caller makes one call after another over a connection. It only reads and writes, into memory it has, so what is allocated is the server's.
type caller func() error

// allocations prints what a call of one connection allocates in this process, as `ALLOCATIONS BYTES`.
func allocations(serve func(net.Listener) error, connect func(net.Conn) (caller, error), count int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go serve(listener)
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	call, err := connect(conn)
	if err != nil {
		return err
	}
	if err := calls(call, 100); err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := calls(call, count); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	fmt.Printf("%.1f %.0f\n", float64(after.Mallocs-before.Mallocs)/float64(count),
		float64(after.TotalAlloc-before.TotalAlloc)/float64(count))
	return nil
}

func calls(call caller, times int) error {
	for i := 0; i < times; i++ {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

var errAnswer = errors.New("an answer that is none")

const request = "POST /uppercase HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{\"s\":\"hello\"}"

func callerOverHTTP(conn net.Conn) (caller, error) {
	question, end, answer := []byte(request), []byte("\"HELLO\"}\n"), make([]byte, 4096)
	return func() error {
		if _, err := conn.Write(question); err != nil {
			return err
		}
		for have := 0; !bytes.HasSuffix(answer[:have], end); {
			if have == len(answer) {
				return errAnswer
			}
			n, err := conn.Read(answer[have:])
			if err != nil {
				return err
			}
			have += n
		}
		return nil
	}, nil
}

// The types of HTTP/2's frames, and their flags (RFC 9113, 6).
const (
	frameData         = 0
	frameHeaders      = 1
	frameSettings     = 4
	framePing         = 6
	frameWindowUpdate = 8
	flagAck           = 1
	flagEndStream     = 1
	flagEndHeaders    = 4
	// The length of a frame's head.
	frameHead = 9
)

func frame(to []byte, kind, flags byte, payload []byte) []byte {
	to = append(to, 0, byte(len(payload)>>8), byte(len(payload)), kind, flags, 0, 0, 0, 0)
	return append(to, payload...)
}

// callerOverGRPC is the same client as that of src/cases/grpc/server.rs.
func callerOverGRPC(conn net.Conn) (caller, error) {
	hello := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	hello = frame(hello, frameSettings, 0, nil)
	// As many bytes of answers as there can be.
	hello = frame(hello, frameWindowUpdate, 0, binary.BigEndian.AppendUint32(nil, 0x7fff_ffff-65_535))
	hello = frame(hello, frameSettings, flagAck, nil)
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	// `:method` and `:scheme` by their number in HPACK's table, the others as literals that no table keeps.
	headers := []byte{0x83, 0x86}
	for _, header := range [][2]string{
		{":path", "/stringsvc/uppercase"},
		{":authority", "127.0.0.1"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
		{"user-agent", "bench/1"},
	} {
		headers = append(headers, 0)
		for _, text := range header {
			headers = append(append(headers, byte(len(text))), text...)
		}
	}
	question := frame(nil, frameHeaders, flagEndHeaders, headers)
	second := len(question)
	question = frame(question, frameData, flagEndStream, []byte("\x00\x00\x00\x00\x07\x0a\x05hello"))
	wanted := []byte("\x00\x00\x00\x00\x07\x0a\x05HELLO")
	pong := frame(nil, framePing, flagAck, make([]byte, 8))
	buffer, have, stream := make([]byte, 16*1024), 0, uint32(1)

	return func() error {
		for _, at := range [2]int{0, second} {
			binary.BigEndian.PutUint32(question[at+5:], stream)
		}
		stream += 2
		if _, err := conn.Write(question); err != nil {
			return err
		}
		for answered, ended := false, false; ; {
			n, err := conn.Read(buffer[have:])
			if err != nil {
				return err
			}
			have += n
			at := 0
			for have-at >= frameHead {
				length := frameHead + int(buffer[at])<<16 + int(buffer[at+1])<<8 + int(buffer[at+2])
				if have-at < length {
					break
				}
				kind, flags, payload := buffer[at+3], buffer[at+4], buffer[at+frameHead:at+length]
				switch {
				case kind == frameData:
					answered = bytes.Equal(payload, wanted)
				case kind == framePing && flags&flagAck == 0:
					copy(pong[frameHead:], payload)
					if _, err := conn.Write(pong); err != nil {
						return err
					}
				}
				ended = ended || kind <= frameHeaders && flags&flagEndStream != 0
				at += length
			}
			have = copy(buffer, buffer[at:have])
			switch {
			case ended && answered:
				return nil
			case ended:
				return errAnswer
			case have == len(buffer):
				return io.ErrShortBuffer
			}
		}
	}, nil
}
