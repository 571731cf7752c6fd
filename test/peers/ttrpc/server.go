package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// serve answers the Interop service on a unix socket until SIGTERM, then shuts down
// gracefully. It prints "listening" when the socket accepts connections.
func serve(path string) error {
	server, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	server.RegisterService(serviceName, &ttrpc.ServiceDesc{
		Methods: map[string]ttrpc.Method{
			"Echo":         unary("Echo", echo),
			"EchoMetadata": unary("EchoMetadata", echoMetadata),
			"Sleep":        unary("Sleep", sleep),
			"Fail":         unary("Fail", fail),
			"Big":          unary("Big", big),
		},
		Streams: map[string]ttrpc.Stream{
			"Sum":        {Handler: sum, StreamingClient: true},
			"Divide":     {Handler: divide, StreamingServer: true},
			"EchoStream": {Handler: echoStream, StreamingClient: true, StreamingServer: true},
			"EchoNull":   {Handler: echoNull, StreamingClient: true},
		},
	})
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	drained := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		drained <- server.Shutdown(limit)
	}()
	fmt.Println("listening")
	if err := server.Serve(context.Background(), listener); !errors.Is(err, ttrpc.ErrServerClosed) {
		return err
	}
	return <-drained
}

func unary(name string, handler func(context.Context, message) (any, error)) ttrpc.Method {
	return func(ctx context.Context, unmarshal func(any) error) (any, error) {
		request := newInput(name)
		if err := unmarshal(request.Message); err != nil {
			return nil, err
		}
		response, err := handler(ctx, request)
		if answer, ok := response.(message); ok {
			return answer.Message, err
		}
		return response, err
	}
}

func echo(_ context.Context, request message) (any, error) {
	return echoOf(request, "Echo", 0), nil
}

func echoMetadata(ctx context.Context, _ message) (any, error) {
	metadata, _ := ttrpc.GetMetadata(ctx)
	keys := make([]string, 0, len(metadata))
	for key := range metadata {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	response := newOutput("EchoMetadata")
	for _, key := range keys {
		pair := response.add("metadata").set("key", key)
		for _, value := range metadata[key] {
			pair.addText("values", value)
		}
	}
	return response, nil
}

func sleep(ctx context.Context, request message) (any, error) {
	left := int64(-1)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline).Milliseconds()
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(request.unsigned("duration_ms")) * time.Millisecond):
		return newOutput("Sleep").set("deadline_ms", left), nil
	}
}

func fail(_ context.Context, request message) (any, error) {
	return nil, status.Error(codes.Code(request.integer("code")), request.text("text"))
}

func big(_ context.Context, request message) (any, error) {
	return newOutput("Big").set("data", make([]byte, request.unsigned("size"))), nil
}

// receive reads the next message of a stream, or io.EOF.
func receive(stream ttrpc.StreamServer, method string) (message, error) {
	part := newInput(method)
	return part, stream.RecvMsg(part.Message)
}

func sum(_ context.Context, stream ttrpc.StreamServer) (any, error) {
	total, parts := int64(0), uint32(0)
	for {
		part, err := receive(stream, "Sum")
		if err == io.EOF {
			return newOutput("Sum").set("sum", total).set("parts", parts).Message, nil
		}
		if err != nil {
			return nil, err
		}
		total += part.integer("add")
		parts++
	}
}

func divide(_ context.Context, stream ttrpc.StreamServer) (any, error) {
	request, err := receive(stream, "Divide")
	if err != nil {
		return nil, err
	}
	if request.unsigned("parts") == 0 {
		return nil, status.Error(codes.InvalidArgument, "parts is 0; cannot divide")
	}
	for _, part := range shares(int32(request.integer("total")), uint32(request.unsigned("parts"))) {
		if err := stream.SendMsg(newOutput("Divide").set("add", part).Message); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// shares splits total into parts that differ by one at most, the larger first.
func shares(total int32, parts uint32) []int32 {
	split := make([]int32, parts)
	for i := range split {
		split[i] = total / int32(parts)
		if int32(i) < total%int32(parts) {
			split[i]++
		}
	}
	return split
}

func echoStream(_ context.Context, stream ttrpc.StreamServer) (any, error) {
	for {
		request, err := receive(stream, "EchoStream")
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if err := stream.SendMsg(echoOf(request, "EchoStream", 1).Message); err != nil {
			return nil, err
		}
	}
}

func echoNull(_ context.Context, stream ttrpc.StreamServer) (any, error) {
	for seq := int64(0); ; seq++ {
		request, err := receive(stream, "EchoNull")
		if err == io.EOF {
			return &emptypb.Empty{}, nil
		}
		if err != nil {
			return nil, err
		}
		if got := request.integer("seq"); got != seq {
			return nil, status.Errorf(codes.InvalidArgument, "message %d has seq %d", seq, got)
		}
		if got := request.text("text"); got != "non-empty empty" {
			return nil, status.Errorf(codes.InvalidArgument, "message %d has text %q", seq, got)
		}
	}
}
