// Package tig stands in for the test framework that lives in nerdctl's source
// tree as a module of its own. nerdctl requires it through a replace by path,
// which only its own main module can honour, and it is not on the module proxy.
// One file of nerdctl's program names one type of it, for a helper of nerdctl's
// own tests that never runs here: these are the two methods that file calls.
package tig

// T is the part of testing.T that nerdctl's compose helper calls.
type T interface {
	Log(args ...any)
	FailNow()
}
