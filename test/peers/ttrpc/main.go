// ttrpc-peer is containerd's Go ttrpc in one program, for the interop tests with ours:
//
//	ttrpc-peer server SOCKET       serve the Interop service until SIGTERM
//	ttrpc-peer cases               print the names of the client's cases, without those that need a driver
//	ttrpc-peer client SOCKET CASE  run one case against the server on SOCKET; exit 0 if it holds, else say why
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/containerd/log"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ttrpc-peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "server":
		return serve(args[1])
	case len(args) == 1 && args[0] == "cases":
		for _, c := range cases {
			fmt.Println(c.name)
		}
		return nil
	case len(args) == 3 && args[0] == "client":
		// The library logs an error for every frame of a call that the client gave up on purpose.
		if err := log.SetLevel("fatal"); err != nil {
			return err
		}
		return runCase(args[1], args[2])
	default:
		return errors.New("usage: ttrpc-peer server SOCKET | cases | client SOCKET CASE")
	}
}
