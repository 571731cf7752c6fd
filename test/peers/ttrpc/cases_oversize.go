package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

const (
	headerLength = 10
	typeRequest  = 1
	typeResponse = 2
)

func (p *peer) big(ctx context.Context, size, padding int) (int, error) {
	request := newInput("Big").set("size", uint32(size)).set("padding", make([]byte, padding))
	response, err := p.call(ctx, "Big", request)
	return len(response.bytes("data")), err
}

func oversizeRequestCase(ctx context.Context, p *peer) error {
	_, err := p.big(ctx, 1, frameLimit+1)
	var oversized *ttrpc.OversizedMessageErr
	if !errors.As(err, &oversized) {
		return fmt.Errorf("wanted the client's own refusal, got %v", orOK(err))
	}
	return p.alive(ctx)
}

// Go's client never sends such a frame, so this one is written by hand.
func oversizeFrameCase(_ context.Context, p *peer) error {
	conn, err := net.Dial("unix", p.path)
	if err != nil {
		return err
	}
	defer conn.Close()
	written := make(chan error, 1)
	go func() {
		err := writeFrame(conn, 1, make([]byte, frameLimit+1))
		if err == nil {
			err = writeFrame(conn, 3, encodedEcho())
		}
		written <- err
	}()
	refused, err := readResponse(conn, 1)
	if err != nil {
		return err
	}
	if code := codes.Code(refused.GetStatus().GetCode()); code != codes.ResourceExhausted {
		return fmt.Errorf("wanted %s, got %s: %s", codes.ResourceExhausted, code, refused.GetStatus().GetMessage())
	}
	answered, err := readResponse(conn, 3)
	if err != nil {
		return fmt.Errorf("the connection did not survive: %w", err)
	}
	if code := codes.Code(answered.GetStatus().GetCode()); code != codes.OK {
		return fmt.Errorf("the call after the oversize frame got %s: %s", code, answered.GetStatus().GetMessage())
	}
	return <-written
}

func encodedEcho() []byte {
	payload, err := proto.Marshal(echoRequest(7, "after").Message)
	if err != nil {
		panic(err)
	}
	request, err := proto.Marshal(&ttrpc.Request{Service: serviceName, Method: "Echo", Payload: payload})
	if err != nil {
		panic(err)
	}
	return request
}

func writeFrame(conn net.Conn, stream uint32, payload []byte) error {
	header := make([]byte, headerLength)
	binary.BigEndian.PutUint32(header, uint32(len(payload)))
	binary.BigEndian.PutUint32(header[4:], stream)
	header[8] = typeRequest
	_, err := (&net.Buffers{header, payload}).WriteTo(conn)
	return err
}

func readResponse(conn net.Conn, stream uint32) (*ttrpc.Response, error) {
	header := make([]byte, headerLength)
	if _, err := io.ReadFull(conn, header); err != nil {
		return nil, err
	}
	if got := binary.BigEndian.Uint32(header[4:]); got != stream || header[8] != typeResponse {
		return nil, fmt.Errorf("wanted a response on stream %d, got type %d on stream %d", stream, header[8], got)
	}
	payload := make([]byte, binary.BigEndian.Uint32(header))
	if _, err := io.ReadFull(conn, payload); err != nil {
		return nil, err
	}
	response := &ttrpc.Response{}
	return response, proto.Unmarshal(payload, response)
}

func oversizeResponseCase(ctx context.Context, p *peer) error {
	_, err := p.big(ctx, frameLimit+1, 0)
	if err := wantStatus(err, codes.ResourceExhausted, ""); err != nil {
		return err
	}
	return p.alive(ctx)
}

// largest is how many bytes of content fit a frame when `wrap` puts it into one.
func largest(wrap func(content []byte) proto.Message) int {
	size := frameLimit
	for excess := 1; excess > 0; size -= max(excess, 0) {
		excess = proto.Size(wrap(make([]byte, size))) - frameLimit
	}
	return size
}

func mustMarshal(m proto.Message) []byte {
	encoded, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return encoded
}

// A response of exactly the limit arrives; one byte more does not.
func largestResponseCase(ctx context.Context, p *peer) error {
	size := largest(func(content []byte) proto.Message {
		return &ttrpc.Response{Payload: mustMarshal(newOutput("Big").set("data", content).Message)}
	})
	got, err := p.big(ctx, size, 0)
	if err != nil {
		return err
	}
	if got != size {
		return fmt.Errorf("wanted %d bytes, got %d", size, got)
	}
	_, err = p.big(ctx, size+1, 0)
	if err := wantStatus(err, codes.ResourceExhausted, ""); err != nil {
		return fmt.Errorf("one byte more: %w", err)
	}
	return p.alive(ctx)
}

func largestRequestCase(ctx context.Context, p *peer) error {
	size := largest(func(content []byte) proto.Message {
		request := newInput("Big").set("size", uint32(1)).set("padding", content)
		return &ttrpc.Request{Service: serviceName, Method: "Big", Payload: mustMarshal(request.Message)}
	})
	if _, err := p.big(ctx, 1, size); err != nil {
		return err
	}
	if _, err := p.big(ctx, 1, size+1); err == nil {
		return errors.New("one byte more than the limit was accepted")
	}
	return p.alive(ctx)
}
