package system.log_test

import rego.v2

import data.system.log

test_neither_question_nor_answer_is_written_down if {
	log.mask == {"/input", "/result"} with input as {"path": "people/decision", "input": {}, "result": {}}
}

test_each_decision_is_written_down if every name in {"people", "sessions", "hand_in", "releases", "stewardship", "bring_ins"} {
	not log.drop with input as {"path": concat("/", [name, "decision"])}
}

test_many_at_once_are_not if log.drop with input as {"path": "reach/decisions"}
