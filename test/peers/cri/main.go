// Command cri asks a CRI runtime: `cri SOCKET METHOD [JSON]` sends one request of k8s.io/cri-api as JSON and prints the
// answer as JSON; `cri SOCKET exec CONTAINER COMMAND...` runs a command with this program's stdin, stdout and stderr
// over CRI's streaming server, as a kubelet does, and ends with its exit code.
package main

import (
	"context"
	"errors"
	"fmt"
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
		return 0, errors.New("usage: cri SOCKET METHOD [JSON] | cri SOCKET exec CONTAINER COMMAND...")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	connection, err := grpc.NewClient("unix://"+args[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	if args[1] == "exec" && len(args) > 3 {
		return execute(ctx, connection, args[2], args[3:])
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

func execute(ctx context.Context, connection *grpc.ClientConn, container string, command []string) (int, error) {
	answer, err := runtime.NewRuntimeServiceClient(connection).Exec(ctx, &runtime.ExecRequest{
		ContainerId: container, Cmd: command, Stdin: true, Stdout: true, Stderr: true,
	})
	if err != nil {
		return 0, err
	}
	location, err := url.Parse(answer.Url)
	if err != nil {
		return 0, err
	}
	executor, err := remotecommand.NewSPDYExecutor(&rest.Config{Host: location.Host}, "POST", location)
	if err != nil {
		return 0, err
	}
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
	var exit clientexec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitStatus(), nil
	}
	return 0, err
}
