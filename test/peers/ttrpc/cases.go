package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/emptypb"
)

const frameLimit = 4 << 20

type testCase struct {
	name string
	run  func(context.Context, *peer) error
}

// cases are what a Go client of containerd's ttrpc asks of a server, each on a connection of its own.
var cases = []testCase{
	{"unary", unaryCase},
	{"unary-empty-payload", func(ctx context.Context, p *peer) error { return p.echo(ctx, newInput("Echo")) }},
	{"metadata", metadataCase},
	{"metadata-absent", metadataAbsentCase},
	{"deadline-seen", deadlineSeenCase},
	{"deadline-absent", deadlineAbsentCase},
	{"deadline-passed-at-client", deadlineAtClientCase},
	{"deadline-passed-at-server", deadlineAtServerCase},
	{"errors", errorsCase},
	{"unknown-method", unknownCase(serviceName, "Nothing")},
	{"unknown-service", unknownCase("uvmshim.interop.v1.Nothing", "Echo")},
	{"oversize-request-refused-by-client", oversizeRequestCase},
	{"oversize-request-on-the-wire", oversizeFrameCase},
	{"oversize-response", oversizeResponseCase},
	{"largest-response", largestResponseCase},
	{"largest-request", largestRequestCase},
	{"concurrent-1000", concurrentCase},
	{"out-of-order-responses", outOfOrderCase},
	{"client-stream", clientStreamCase},
	{"client-stream-of-nothing", clientStreamOfNothingCase},
	{"client-stream-error", clientStreamErrorCase},
	{"server-stream", serverStreamCase},
	{"server-stream-error", serverStreamErrorCase},
	{"bidi-stream", bidiStreamCase},
	{"half-close", halfCloseCase},
	{"empty-messages", emptyMessagesCase},
	{"concurrent-stream-senders", concurrentSendersCase},
	{"concurrent-streams", concurrentStreamsCase},
	{"unread-stream-blocks-nobody", unreadStreamCase},
}

// directed are cases that need their driver's hand: it acts when it reads "in flight" and then writes a line.
var directed = []testCase{
	{"connection-loss", connectionLossCase},
	{"graceful-shutdown", gracefulShutdownCase},
}

func unaryCase(ctx context.Context, p *peer) error {
	request := echoRequest(-1<<62, "grüße, 世界\n").set("payload", []byte{0, 1, 0xff, '\n'})
	return p.echo(ctx, request)
}

func metadataCase(ctx context.Context, p *peer) error {
	metadata := ttrpc.MD{}
	metadata.Set("Containerd-Namespace-TTRPC", "peers")
	metadata.Append("many", "b", "a", "b")
	metadata.Set("void", "")
	response, err := p.call(ttrpc.WithMetadata(ctx, metadata), "EchoMetadata", newInput("EchoMetadata"))
	if err != nil {
		return err
	}
	got := map[string][]string{}
	for _, pair := range response.elements("metadata") {
		got[pair.text("key")] = pair.texts("values")
	}
	want := map[string][]string{"containerd-namespace-ttrpc": {"peers"}, "many": {"b", "a", "b"}, "void": {""}}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("sent %v, the server saw %v", want, got)
	}
	return nil
}

func metadataAbsentCase(ctx context.Context, p *peer) error {
	response, err := p.call(ctx, "EchoMetadata", newInput("EchoMetadata"))
	if err == nil && len(response.elements("metadata")) != 0 {
		err = fmt.Errorf("sent no metadata, the server saw %v", response)
	}
	return err
}

func (p *peer) sleep(ctx context.Context, duration time.Duration) (int64, error) {
	request := newInput("Sleep").set("duration_ms", uint32(duration.Milliseconds()))
	response, err := p.call(ctx, "Sleep", request)
	return response.integer("deadline_ms"), err
}

func deadlineSeenCase(ctx context.Context, p *peer) error {
	limited, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	left, err := p.sleep(limited, 0)
	if err == nil && (left <= 0 || left > time.Hour.Milliseconds()) {
		err = fmt.Errorf("gave the call an hour, the server saw %d ms", left)
	}
	return err
}

func deadlineAbsentCase(ctx context.Context, p *peer) error {
	left, err := p.sleep(ctx, 0)
	if err == nil && left != -1 {
		err = fmt.Errorf("gave the call no deadline, the server saw %d ms", left)
	}
	return err
}

func deadlineAtClientCase(ctx context.Context, p *peer) error {
	limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := p.sleep(limited, time.Hour); !errors.Is(err, context.DeadlineExceeded) &&
		wantStatus(err, codes.DeadlineExceeded, "") != nil {
		return fmt.Errorf("wanted the deadline's error, got %v", orOK(err))
	}
	return p.alive(ctx)
}

// The deadline travels, but this client does not keep it: the server alone ends the call.
func deadlineAtServerCase(ctx context.Context, p *peer) error {
	client, err := dial(p.path, ttrpc.WithUnaryClientInterceptor(
		func(ctx context.Context, request *ttrpc.Request, response *ttrpc.Response, _ *ttrpc.UnaryClientInfo, invoke ttrpc.Invoker) error {
			if request.Method == "Sleep" {
				request.TimeoutNano = (50 * time.Millisecond).Nanoseconds()
			}
			return invoke(ctx, request, response)
		}))
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.sleep(ctx, time.Hour)
	if err := wantStatus(err, codes.DeadlineExceeded, ""); err != nil {
		return err
	}
	return client.alive(ctx)
}

func errorsCase(ctx context.Context, p *peer) error {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		text := fmt.Sprintf("task ünknown is %s: cannot start", code)
		if err := wantStatus(p.fail(ctx, code, text), code, text); err != nil {
			return err
		}
	}
	return p.alive(ctx)
}

func unknownCase(service, method string) func(context.Context, *peer) error {
	return func(ctx context.Context, p *peer) error {
		err := p.Call(ctx, service, method, newInput("Echo").Message, &emptypb.Empty{})
		if err := wantStatus(err, codes.Unimplemented, ""); err != nil {
			return err
		}
		return p.alive(ctx)
	}
}

func concurrentCase(ctx context.Context, p *peer) error {
	return together(1000, func(i int) error {
		return p.echo(ctx, echoRequest(int64(i), strings.Repeat("x", i)))
	})
}

func outOfOrderCase(ctx context.Context, p *peer) error {
	slow := make(chan error, 1)
	sleeping, wake := context.WithCancel(ctx)
	defer wake()
	go func() {
		_, err := p.sleep(sleeping, time.Hour)
		slow <- err
	}()
	if err := p.alive(ctx); err != nil {
		return err
	}
	wake()
	if err := <-slow; !errors.Is(err, context.Canceled) {
		return fmt.Errorf("wanted the sleeping call to be cancelled, got %v", orOK(err))
	}
	return p.alive(ctx)
}

// together runs n at once and returns the first error.
func together(n int, run func(int) error) error {
	failures := make(chan error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { failures <- run(i) })
	}
	group.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// The driver kills the server after "in flight"; every call of the connection must then fail.
func connectionLossCase(ctx context.Context, p *peer) error {
	lost := make(chan error, 2)
	go func() {
		_, err := p.sleep(ctx, time.Hour)
		lost <- err
	}()
	stream, err := p.open(ctx, "EchoStream", nil)
	if err != nil {
		return err
	}
	if err := stream.send(newInput("EchoStream")); err != nil {
		return err
	}
	if _, err := stream.receive(); err != nil {
		return err
	}
	go func() {
		_, err := stream.receive()
		lost <- err
	}()
	inFlight()
	for range 2 {
		if err := <-lost; !errors.Is(err, ttrpc.ErrClosed) {
			return fmt.Errorf("wanted %v, got %v", ttrpc.ErrClosed, orOK(err))
		}
	}
	if err := p.echo(ctx, echoRequest(0, "")); !errors.Is(err, ttrpc.ErrClosed) {
		return fmt.Errorf("a call after the loss: wanted %v, got %v", ttrpc.ErrClosed, orOK(err))
	}
	return nil
}

// The driver asks the server to shut down: what is under way goes on to its end, what is new is refused.
func gracefulShutdownCase(ctx context.Context, p *peer) error {
	stream, err := p.open(ctx, "EchoStream", nil)
	if err != nil {
		return err
	}
	exchange := func(seq int) error {
		if err := stream.send(bidiMessage(seq)); err != nil {
			return err
		}
		return stream.wantEcho(bidiMessage(seq))
	}
	if err := exchange(0); err != nil {
		return err
	}
	inFlight()
	for seq := range 10 {
		if err := exchange(seq); err != nil {
			return fmt.Errorf("the stream did not live on: %w", err)
		}
	}
	if conn, err := net.Dial("unix", p.path); err == nil {
		conn.Close()
		return errors.New("the server still takes connections")
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.ended()
}

// inFlight gives the driver its turn.
func inFlight() {
	fmt.Println("in flight")
	fmt.Scanln()
}
