package system.authz_test

import rego.v2

import data.system.authz

token := "0123456789abcdef0123456789abcdef"

runtime := {"env": {"PARLATORY_OPA_TOKEN": token}}

question := {"method": "POST", "path": ["v1", "data", "sessions", "decision"], "identity": token}

test_the_enclave_may_ask_each_decision if every name in {"people", "sessions", "hand_in", "releases", "stewardship", "bring_ins"} {
	asked := object.union(question, {"path": ["v1", "data", name, "decision"]})
	authz.allow with input as asked with opa.runtime as runtime
}

test_the_enclave_may_ask_many_questions_at_once if {
	asked := object.union(question, {"path": ["v1", "data", "reach", "decisions"]})
	authz.allow with input as asked with opa.runtime as runtime
}

test_nobody_else_may_ask_many_questions_at_once if every change in [{"identity": ""}, {"method": "GET"}, {"method": "PUT"}] {
	asked := object.union(object.union(question, {"path": ["v1", "data", "reach", "decisions"]}), change)
	not authz.allow with input as asked with opa.runtime as runtime
}

test_liveness_needs_no_token if {
	authz.allow with input as {"method": "GET", "path": ["health"]}
}

refused := [
	{"identity": "fedcba9876543210fedcba9876543210"},
	{"identity": ""},
	{"identity": null},
	{"method": "PUT"},
	{"method": "PATCH"},
	{"method": "DELETE"},
	{"method": "GET"},
	{"path": ["v1", "data"]},
	{"path": ["v1", "data", "sessions"]},
	{"path": ["v1", "data", "sessions", "deny"]},
	{"path": ["v1", "data", "sessions", "decisions"]},
	{"path": ["v1", "data", "reach"]},
	{"path": ["v1", "data", "reach", "decision"]},
	{"path": ["v1", "data", "reach", "most"]},
	{"path": ["v1", "data", "reach", "decisions", "0"]},
	{"path": ["v1", "data", "system", "decision"]},
	{"path": ["v1", "data", "facts", "decision"]},
	{"path": ["v1", "data", "sessions", "decision", "x"]},
	{"path": ["v1", "policies"]},
	{"path": ["v1", "query"]},
	{"path": ["v1", "compile"]},
	{"path": ["v1", "config"]},
	{"path": ["v0", "data", "sessions", "decision"]},
	{"path": [""]},
]

test_everything_else_is_refused if every change in refused {
	print(change)
	asked := object.union(question, change)
	not authz.allow with input as asked with opa.runtime as runtime
}

test_a_question_without_a_token_is_refused if {
	not authz.allow with input as object.remove(question, ["identity"]) with opa.runtime as runtime
}

test_a_server_without_a_token_answers_nobody if every env in [{}, {"PARLATORY_OPA_TOKEN": ""}, {"PARLATORY_OPA_TOKEN": "short"}] {
	asked := object.union(question, {"identity": object.get(env, "PARLATORY_OPA_TOKEN", "")})
	not authz.allow with input as asked with opa.runtime as {"env": env}
}
