//go:build tools

// Package peers22 pins the last containerd that reads a shim's bootstrap reply as
// JSON: 2.3 and later speak protobuf. One module holds one version of a module, so
// it has its own.
package peers22

import _ "github.com/containerd/containerd/v2/cmd/containerd"
