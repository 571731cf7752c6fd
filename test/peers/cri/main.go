// Command cri asks a CRI runtime: `cri SOCKET METHOD [JSON]` sends one request of k8s.io/cri-api as JSON and prints the
// answer as JSON; `cri SOCKET exec CONTAINER COMMAND...` runs a command with this program's stdin, stdout and stderr
// over CRI's streaming server, as a kubelet does, and ends with its exit code.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	clientexec "k8s.io/client-go/util/exec"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "cri:", err)
		os.Exit(125)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) < 2 {
		return 0, errors.New("usage: cri SOCKET METHOD [JSON] | cri SOCKET attach CONTAINER | cri SOCKET exec|exec-tty CONTAINER COMMAND...")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	connection, err := grpc.NewClient("unix://"+args[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	client := runtime.NewRuntimeServiceClient(connection)
	switch {
	case args[1] == "attach" && len(args) > 2:
		return attach(ctx, client, args[2])
	case (args[1] == "exec" || args[1] == "exec-tty") && len(args) > 3:
		return execute(ctx, client, args[1] == "exec-tty", args[2], args[3:])
	}
	request := "{}"
	if len(args) > 2 {
		request = args[2]
	}
	return 0, call(ctx, connection, args[1], request)
}

// call finds the method by its name in either service, and its messages by the descriptors that cri-api registers.
func call(ctx context.Context, connection *grpc.ClientConn, name, request string) error {
	for _, service := range []protoreflect.FullName{"runtime.v1.RuntimeService", "runtime.v1.ImageService"} {
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(service)
		if err != nil {
			return err
		}
		method := descriptor.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name))
		if method == nil {
			continue
		}
		input, err := message(method.Input())
		if err != nil {
			return err
		}
		output, err := message(method.Output())
		if err != nil {
			return err
		}
		if err := protojson.Unmarshal([]byte(request), input); err != nil {
			return err
		}
		if err := connection.Invoke(ctx, fmt.Sprintf("/%s/%s", service, name), input, output); err != nil {
			return err
		}
		answer, err := protojson.Marshal(output)
		if err != nil {
			return err
		}
		_, err = fmt.Println(string(answer))
		return err
	}
	return fmt.Errorf("CRI has no method %s", name)
}

func message(descriptor protoreflect.MessageDescriptor) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	if err != nil {
		return nil, err
	}
	return kind.New().Interface(), nil
}

// execute is `crictl exec -i`, with a terminal `crictl exec -it`.
func execute(ctx context.Context, client runtime.RuntimeServiceClient, tty bool, container string, command []string) (int, error) {
	answer, err := client.Exec(ctx, &runtime.ExecRequest{
		ContainerId: container, Cmd: command, Stdin: true, Stdout: true, Stderr: !tty, Tty: tty,
	})
	if err != nil {
		return 0, err
	}
	return converse(ctx, answer.Url, tty)
}

// attach is `crictl attach -i`.
func attach(ctx context.Context, client runtime.RuntimeServiceClient, container string) (int, error) {
	answer, err := client.Attach(ctx, &runtime.AttachRequest{ContainerId: container, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return 0, err
	}
	return converse(ctx, answer.Url, false)
}

func converse(ctx context.Context, address string, tty bool) (int, error) {
	location, err := url.Parse(address)
	if err != nil {
		return 0, err
	}
	executor, err := remotecommand.NewSPDYExecutor(&rest.Config{Host: location.Host}, "POST", location)
	if err != nil {
		return 0, err
	}
	options := remotecommand.StreamOptions{Stdin: os.Stdin, Stdout: os.Stdout, Tty: tty}
	if tty {
		// A terminal's input does not end; CRI would stop reading the output when it did.
		options.Stdin = io.MultiReader(os.Stdin, forever{})
	} else {
		options.Stderr = os.Stderr
	}
	err = executor.StreamWithContext(ctx, options)
	var exit clientexec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitStatus(), nil
	}
	return 0, err
}

type forever struct{}

func (forever) Read([]byte) (int, error) { select {} }
