package facts_test

import rego.v2

import data.facts

at := "2026-11-23T12:00:00.000000Z"

test_the_last_day_counts if facts.in_date("2026-11-23", at)

test_the_day_after_does_not_count if not facts.in_date("2026-11-22", at)

test_a_missing_end_is_not_in_date if not facts.in_date(null, at)

test_a_role_that_ended_is_not_held if {
	not facts.holds({"roles": [{"role": "admin", "valid_until": "2026-11-22"}]}, "admin", at)
}

test_a_person_without_roles_is_identified_by_a_password if {
	facts.identified({"second_factor": false, "second_factor_waived": false, "roles": []}, at)
}

test_powerful_roles_need_a_second_factor if every role in {"data_steward", "key_custodian", "output_checker", "admin"} {
	not facts.identified(
		{
			"second_factor": false,
			"second_factor_waived": false,
			"roles": [{"role": role, "valid_until": "9999-12-31"}],
		},
		at,
	)
}

test_a_powerful_role_that_is_over_needs_no_second_factor if {
	facts.identified(
		{
			"second_factor": false,
			"second_factor_waived": false,
			"roles": [
				{"role": "admin", "valid_until": "2026-01-01"},
				{"role": "researcher", "valid_until": "9999-12-31"},
			],
		},
		at,
	)
}

test_unreadable_roles_need_a_second_factor if every roles in {null, [{}], [{"role": null}]} {
	not facts.identified({"second_factor": false, "second_factor_waived": false, "roles": roles}, at)
}

test_the_second_factor_identifies if facts.identified({"second_factor": true}, at)

test_the_demo_switch_identifies if facts.identified({"second_factor_waived": true}, at)

test_a_course_completed_tomorrow_does_not_count if {
	person := {"training": [{"course": "c", "completed_on": "2026-11-24", "valid_until": "9999-12-31"}]}
	not facts.trained(person, "c", at)
}

test_who_is_named_may_review_and_anybody_where_nobody_is if {
	facts.may_review({"anybody": true, "named": []}, "p1")
	facts.may_review({"anybody": false, "named": ["p1"]}, "p1")
	not facts.may_review({"anybody": false, "named": ["p2"]}, "p1")
	not facts.may_review({"anybody": false, "named": {"p1": "p1"}}, "p1")
	not facts.may_review(null, "p1")
}

test_null_memberships_make_nobody_an_outsider if not facts.outsider(null)
