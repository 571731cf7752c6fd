package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// caseLimit bounds a whole case: a server that never answers fails the case instead of hanging it.
const caseLimit = 30 * time.Second

// peer is a connected client. Its methods fail the case by returning an error.
type peer struct {
	*ttrpc.Client
	path string
}

func dial(path string, options ...ttrpc.ClientOpts) (*peer, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	return &peer{ttrpc.NewClient(conn, options...), path}, nil
}

func runCase(path, name string) error {
	for _, c := range slices.Concat(cases, directed) {
		if c.name != name {
			continue
		}
		client, err := dial(path)
		if err != nil {
			return err
		}
		defer client.Close()
		// Cancelled, not timed out: a deadline here would travel with every call of the case.
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- c.run(ctx, client) }()
		select {
		case err := <-done:
			return err
		case <-time.After(caseLimit):
			return fmt.Errorf("case %s did not end within %s", name, caseLimit)
		}
	}
	return fmt.Errorf("there is no case %q; `ttrpc-peer cases` lists them", name)
}

func (p *peer) call(ctx context.Context, method string, request message) (message, error) {
	response := newOutput(method)
	return response, p.Call(ctx, serviceName, method, request.Message, response.Message)
}

func (p *peer) echo(ctx context.Context, request message) error {
	response, err := p.call(ctx, "Echo", request)
	if err != nil {
		return err
	}
	return sameEcho(request, response, 0)
}

// alive says whether the connection still answers a plain call.
func (p *peer) alive(ctx context.Context) error {
	if err := p.echo(ctx, echoRequest(1, "still there?")); err != nil {
		return fmt.Errorf("the connection did not survive: %w", err)
	}
	return nil
}

func (p *peer) fail(ctx context.Context, code codes.Code, text string) error {
	request := newInput("Fail").set("code", int32(code)).set("text", text)
	return p.Call(ctx, serviceName, "Fail", request.Message, &emptypb.Empty{})
}

func echoRequest(seq int64, text string) message {
	return newInput("Echo").set("seq", seq).set("text", text)
}

// stream is an open call of a streaming method.
type stream struct {
	ttrpc.ClientStream
	method string
}

// open starts a streaming call. `first` is the request of a server-streaming method, else nil.
func (p *peer) open(ctx context.Context, method string, first *message) (*stream, error) {
	descriptor := methodOf(method)
	desc := &ttrpc.StreamDesc{
		StreamingClient: descriptor.IsStreamingClient(),
		StreamingServer: descriptor.IsStreamingServer(),
	}
	var request any
	if first != nil {
		request = first.Message
	}
	opened, err := p.NewStream(ctx, desc, serviceName, method, request)
	return &stream{opened, method}, err
}

func (s *stream) send(m message) error { return s.SendMsg(m.Message) }

func (s *stream) receive() (message, error) {
	m := newOutput(s.method)
	return m, s.RecvMsg(m.Message)
}

// ended wants the stream to be at its end.
func (s *stream) ended() error {
	if _, err := s.receive(); err != io.EOF {
		return fmt.Errorf("%s: wanted the end of the stream, got %w", s.method, orMessage(err))
	}
	return nil
}

func orMessage(err error) error {
	if err == nil {
		return errors.New("another message")
	}
	return err
}

// wantStatus wants an error with this code and, unless empty, exactly this text.
func wantStatus(err error, code codes.Code, text string) error {
	got, ok := status.FromError(err)
	if err == nil || !ok || got.Code() != code {
		return fmt.Errorf("wanted %s, got %v", code, orOK(err))
	}
	if text != "" && got.Message() != text {
		return fmt.Errorf("wanted the text %q, got %q", text, got.Message())
	}
	return nil
}

func orOK(err error) error {
	if err == nil {
		return errors.New("success")
	}
	return err
}
