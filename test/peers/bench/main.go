// ttrpc-bench is the Go half of `make bench`: containerd's ttrpc as a client that measures, and as the server to beat.
//
//	ttrpc-bench server SOCKET                                    echo anypb.Any at bench.Echo/Echo until SIGTERM
//	ttrpc-bench call SOCKET SERVICE METHOD HEX COUNT IN-FLIGHT   call a method COUNT times, and print what that took as JSON
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/anypb"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ttrpc-bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "server":
		return serve(args[1])
	case len(args) == 7 && args[0] == "call":
		request, err := hex.DecodeString(args[4])
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(args[5])
		if err != nil {
			return err
		}
		inFlight, err := strconv.Atoi(args[6])
		if err != nil {
			return err
		}
		return call(args[1], args[2], args[3], request, count, inFlight)
	default:
		return errors.New("usage: ttrpc-bench server SOCKET | call SOCKET SERVICE METHOD HEX COUNT IN-FLIGHT")
	}
}

func serve(path string) error {
	server, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	server.RegisterService("bench.Echo", &ttrpc.ServiceDesc{
		Methods: map[string]ttrpc.Method{
			"Echo": func(_ context.Context, unmarshal func(any) error) (any, error) {
				var request anypb.Any
				if err := unmarshal(&request); err != nil {
					return nil, err
				}
				return &request, nil
			},
		},
	})
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	fmt.Println("listening")
	if err := server.Serve(context.Background(), listener); !errors.Is(err, ttrpc.ErrServerClosed) {
		return err
	}
	return nil
}

type figures struct {
	P50Us     float64 `json:"p50Us"`
	P99Us     float64 `json:"p99Us"`
	PerSecond float64 `json:"perSecond"`
}

// call measures a method whose request is given as bytes. An Empty carries them as fields that it does not know, so that
// one program calls any method of any service, and takes any answer.
func call(path, service, method string, request []byte, count, inFlight int) error {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	client := ttrpc.NewClient(conn)
	defer client.Close()
	once := func() error {
		input, output := &emptypb.Empty{}, &emptypb.Empty{}
		input.ProtoReflect().SetUnknown(request)
		return client.Call(context.Background(), service, method, input, output)
	}
	// The first calls pay for what only they do: dialling, growing stacks, compiling.
	for range min(count/5, 2000) {
		if err := once(); err != nil {
			return err
		}
	}
	took := make([]time.Duration, count)
	var next atomic.Int64
	var group sync.WaitGroup
	var failure atomic.Pointer[error]
	begin := time.Now()
	for range inFlight {
		group.Go(func() {
			for {
				index := int(next.Add(1)) - 1
				if index >= count {
					return
				}
				start := time.Now()
				if err := once(); err != nil {
					failure.Store(&err)
					return
				}
				took[index] = time.Since(start)
			}
		})
	}
	group.Wait()
	total := time.Since(begin)
	if err := failure.Load(); err != nil {
		return *err
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(float64(count-1)*share)].Nanoseconds()) / 1000
	}
	return json.NewEncoder(os.Stdout).Encode(figures{at(0.5), at(0.99), float64(count) / total.Seconds()})
}
