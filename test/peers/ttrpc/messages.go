package main

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// The messages are built from the .proto file itself when the program starts: no
// protoc is needed, and both languages read the one file.
//
//go:embed interop.proto
var interopSource string

const serviceName = "uvmshim.interop.v1.Interop"

var service = mustCompile()

func mustCompile() protoreflect.ServiceDescriptor {
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
			Accessor: protocompile.SourceAccessorFromMap(map[string]string{"interop.proto": interopSource}),
		}),
	}
	files, err := compiler.Compile(context.Background(), "interop.proto")
	if err != nil {
		panic(fmt.Errorf("interop.proto does not compile: %w", err))
	}
	return files[0].Services().ByName(protoreflect.FullName(serviceName).Name())
}

func methodOf(name string) protoreflect.MethodDescriptor {
	method := service.Methods().ByName(protoreflect.Name(name))
	if method == nil {
		panic("interop.proto has no method " + name)
	}
	return method
}

// message is a message whose fields are read and written by their .proto names. A
// name that the message does not have panics: it is a mistake in this program.
type message struct{ *dynamicpb.Message }

func newInput(method string) message { return message{dynamicpb.NewMessage(methodOf(method).Input())} }
func newOutput(method string) message {
	return message{dynamicpb.NewMessage(methodOf(method).Output())}
}

func (m message) field(name string) protoreflect.FieldDescriptor {
	field := m.Descriptor().Fields().ByName(protoreflect.Name(name))
	if field == nil {
		panic(fmt.Sprintf("%s has no field %s", m.Descriptor().FullName(), name))
	}
	return field
}

func (m message) set(name string, value any) message {
	m.Set(m.field(name), protoreflect.ValueOf(value))
	return m
}

func (m message) value(name string) protoreflect.Value { return m.Get(m.field(name)) }
func (m message) integer(name string) int64            { return m.value(name).Int() }
func (m message) unsigned(name string) uint64          { return m.value(name).Uint() }
func (m message) text(name string) string              { return m.value(name).String() }
func (m message) bytes(name string) []byte             { return m.value(name).Bytes() }

// add appends an empty element to a repeated message field and returns it.
func (m message) add(name string) message {
	element := m.Mutable(m.field(name)).List().AppendMutable().Message()
	return message{element.Interface().(*dynamicpb.Message)}
}

func (m message) elements(name string) []message {
	list := m.value(name).List()
	elements := make([]message, 0, list.Len())
	for i := range list.Len() {
		elements = append(elements, message{list.Get(i).Message().Interface().(*dynamicpb.Message)})
	}
	return elements
}

func (m message) addText(name, value string) {
	m.Mutable(m.field(name)).List().Append(protoreflect.ValueOfString(value))
}

func (m message) texts(name string) []string {
	list := m.value(name).List()
	texts := make([]string, 0, list.Len())
	for i := range list.Len() {
		texts = append(texts, list.Get(i).String())
	}
	return texts
}

// echoOf copies an EchoRequest into an EchoResponse, whose seq is `step` further.
func echoOf(request message, method string, step int64) message {
	return newOutput(method).
		set("seq", request.integer("seq")+step).
		set("text", request.text("text")).
		set("payload", request.bytes("payload"))
}

// sameEcho says how a response differs from what the request asked for, or nil.
func sameEcho(request, response message, step int64) error {
	want := echoOf(request, "Echo", step)
	if !proto.Equal(want.Message, response.Message) {
		return fmt.Errorf("echo of seq %d came back as seq %d, text %q, %d bytes",
			request.integer("seq"), response.integer("seq"), response.text("text"), len(response.bytes("payload")))
	}
	return nil
}
