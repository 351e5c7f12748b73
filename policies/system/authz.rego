# METADATA
# title: Who may ask
# description: The enclave's own token may ask the six decisions, and those on many questions at once; everything else OPA could do is refused.
package system.authz

import rego.v2

default allow := false

packages := {"people", "sessions", "hand_in", "releases", "stewardship", "bring_ins"}

allow if {
	input.method == "POST"
	some name in packages
	input.path == ["v1", "data", name, "decision"]
	known_caller
}

# Many questions at once, for who can reach what.
allow if {
	input.method == "POST"
	input.path == ["v1", "data", "reach", "decisions"]
	known_caller
}

# Liveness holds no facts and takes no token.
allow if {
	input.method == "GET"
	input.path == ["health"]
}

known_caller if {
	token := opa.runtime().env.PARLATORY_OPA_TOKEN
	count(token) >= 32
	input.identity == token
}
