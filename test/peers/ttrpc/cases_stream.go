package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/emptypb"
)

func part(add int32) message { return newInput("Sum").set("add", add) }

func (p *peer) wantSum(ctx context.Context, parts ...int32) error {
	stream, err := p.open(ctx, "Sum", nil)
	if err != nil {
		return err
	}
	want := int64(0)
	for _, add := range parts {
		if err := stream.send(part(add)); err != nil {
			return err
		}
		want += int64(add)
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	response, err := stream.receive()
	if err != nil {
		return err
	}
	if sum, count := response.integer("sum"), response.unsigned("parts"); sum != want || count != uint64(len(parts)) {
		return fmt.Errorf("wanted %d of %d parts, got %d of %d", want, len(parts), sum, count)
	}
	return nil
}

// The zeros are empty messages: each must count as one.
func clientStreamCase(ctx context.Context, p *peer) error {
	return p.wantSum(ctx, 3, 0, -5, 0, 1<<30, 1<<30, 1<<30)
}

func clientStreamOfNothingCase(ctx context.Context, p *peer) error { return p.wantSum(ctx) }

func clientStreamErrorCase(ctx context.Context, p *peer) error {
	stream, err := p.open(ctx, "EchoNull", nil)
	if err != nil {
		return err
	}
	if err := stream.send(newInput("EchoNull").set("text", "something else")); err != nil {
		return err
	}
	err = stream.RecvMsg(&emptypb.Empty{})
	if err := wantStatus(err, codes.InvalidArgument, ""); err != nil {
		return err
	}
	return p.alive(ctx)
}

func (p *peer) divide(ctx context.Context, total int32, parts uint32) (*stream, error) {
	request := newInput("Divide").set("total", total).set("parts", parts)
	return p.open(ctx, "Divide", &request)
}

func serverStreamCase(ctx context.Context, p *peer) error {
	stream, err := p.divide(ctx, 103, 10)
	if err != nil {
		return err
	}
	for i, want := range shares(103, 10) {
		response, err := stream.receive()
		if err != nil {
			return err
		}
		if got := response.integer("add"); got != int64(want) {
			return fmt.Errorf("part %d: wanted %d, got %d", i, want, got)
		}
	}
	return stream.ended()
}

// The request is an empty message; the refusal ends the stream and nothing else.
func serverStreamErrorCase(ctx context.Context, p *peer) error {
	stream, err := p.divide(ctx, 0, 0)
	if err != nil {
		return err
	}
	_, err = stream.receive()
	if err := wantStatus(err, codes.InvalidArgument, ""); err != nil {
		return err
	}
	return p.alive(ctx)
}

func bidiMessage(seq int) message {
	return newInput("EchoStream").set("seq", int64(seq)).set("text", fmt.Sprint("message ", seq))
}

func (s *stream) wantEcho(request message) error {
	response, err := s.receive()
	if err != nil {
		return err
	}
	return sameEcho(request, response, 1)
}

func bidiStreamCase(ctx context.Context, p *peer) error {
	stream, err := p.open(ctx, "EchoStream", nil)
	if err != nil {
		return err
	}
	for seq := range 100 {
		if err := stream.send(bidiMessage(seq)); err != nil {
			return err
		}
		if err := stream.wantEcho(bidiMessage(seq)); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.ended()
}

// The client ends its half before it reads: all the answers still come.
func halfCloseCase(ctx context.Context, p *peer) error {
	stream, err := p.open(ctx, "EchoStream", nil)
	if err != nil {
		return err
	}
	for seq := range 20 {
		if err := stream.send(bidiMessage(seq)); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for seq := range 20 {
		if err := stream.wantEcho(bidiMessage(seq)); err != nil {
			return err
		}
	}
	return stream.ended()
}

// seq -1 is answered by seq 0: an empty message that goes there and one that comes back.
func emptyMessagesCase(ctx context.Context, p *peer) error {
	stream, err := p.open(ctx, "EchoStream", nil)
	if err != nil {
		return err
	}
	for _, request := range []message{newInput("EchoStream"), newInput("EchoStream").set("seq", int64(-1))} {
		if err := stream.send(request); err != nil {
			return err
		}
		if err := stream.wantEcho(request); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.ended()
}

// 1000 goroutines write to one stream. It is read at the same time: a stream's queue is bounded.
func concurrentSendersCase(ctx context.Context, p *peer) error {
	const senders = 1000
	stream, err := p.open(ctx, "EchoStream", nil)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- together(senders, func(i int) error { return stream.send(bidiMessage(i)) }) }()
	seen := map[int64]bool{}
	for range senders {
		response, err := stream.receive()
		if err != nil {
			return err
		}
		seen[response.integer("seq")] = true
	}
	if err := <-sent; err != nil {
		return err
	}
	if len(seen) != senders {
		return fmt.Errorf("%d senders, %d different answers", senders, len(seen))
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.ended()
}

func concurrentStreamsCase(ctx context.Context, p *peer) error {
	return together(100, func(int) error { return bidiStreamCase(ctx, p) })
}

// A stream that nobody reads may fail, but the other calls of its connection go on.
func unreadStreamCase(ctx context.Context, p *peer) error {
	if _, err := p.divide(ctx, 1000, 1000); err != nil {
		return err
	}
	for range 10 {
		if err := p.alive(ctx); err != nil {
			return err
		}
	}
	return nil
}
