# METADATA
# title: Bring-ins
# description: Who may bring text into a project, see, judge and take back what was brought.
# schemas:
#   - input: schema.bring_ins.data
package bring_ins

import rego.v2

import data.facts

default allow := false

allow if count(deny) == 0

decision := {"allow": allow, "reasons": [reason | some reason in deny]}

deny contains facts.incomplete if not facts.complete(input, data.schemas.bring_ins)

deny contains reason if some reason in facts.standing

deny contains reason if some reason in facts.second_factor

deny contains reason if {
	input.action == "bring_in"
	some reason in facts.membership
}

deny contains reason if {
	input.action == "bring_in"
	not facts.trained(input.person, facts.research_course, input.at)
	reason := sprintf(
		"Your training “%s” is missing or out of date; complete the course, then ask the enclave's admin to record it.",
		[facts.research_course],
	)
}

# The reasons below name the project: without one they would vanish.
deny contains "Text is brought into one project; open that project's page and bring it in from there." if {
	not is_string(input.project.title)
}

# What is rejected or taken back goes out of reach, so a project that stands still hinders neither.
deny contains reason if {
	going_in
	some reason in facts.project_standing
}

deny contains "This was brought for another project; open it from its own project's page." if {
	not input.action == "bring_in"
	not input.bring_in.project == input.project.id
}

deny contains "You may not see what was brought in here; ask a member of the project or the enclave's auditor." if {
	input.action == "view_bring_in"
	not may_see
}

deny contains "Only an output checker may do this; ask the enclave's admin who checks what comes in." if {
	input.action == "judge_bring_in"
	not facts.holds(input.person, "output_checker", input.at)
}

deny contains reason if {
	input.action == "judge_bring_in"
	not facts.trained(input.person, facts.checking_course, input.at)
	reason := sprintf(
		"Your training “%s” is missing or out of date; complete the course, then ask the enclave's admin to record it.",
		[facts.checking_course],
	)
}

deny contains "You brought this yourself, and nobody reviews their own; ask another output checker." if {
	input.action == "judge_bring_in"
	not somebody_elses
}

deny contains reason if {
	input.action == "judge_bring_in"
	not facts.outsider(input.memberships)
	reason := sprintf(
		"You are or were a member of the project “%s”, so what is brought in for it is for others to review; ask another output checker.",
		[input.project.title],
	)
}

deny contains reason if {
	input.action == "judge_bring_in"
	not input.conflicted == false
	reason := sprintf(
		"You declared a conflict of interest with the project “%s”; ask another output checker.",
		[input.project.title],
	)
}

deny contains "This does not wait for a review any more; its page says what became of it." if {
	input.action == "judge_bring_in"
	not input.bring_in.waiting == true
}

deny contains "Only who brought it, the project's lead or an output checker from outside takes this back; ask one of them." if {
	input.action == "take_back_bring_in"
	not may_take_back
}

deny contains "This is out of reach already: it was rejected or taken back." if {
	input.action == "take_back_bring_in"
	not input.bring_in.gone == false
}

going_in if input.action == "bring_in"

going_in if {
	input.action == "judge_bring_in"
	not input.verdict == "reject"
}

somebody_elses if {
	is_string(input.bring_in.author)
	input.bring_in.author != input.person.id
}

independent_checker if {
	facts.holds(input.person, "output_checker", input.at)
	facts.outsider(input.memberships)
	somebody_elses
	input.conflicted == false
}

may_see if facts.member(input.person, input.project, input.memberships, input.at)

may_see if independent_checker

may_see if {
	facts.holds(input.person, "auditor", input.at)
	input.what == "page"
}

may_take_back if {
	input.bring_in.author == input.person.id
	facts.member(input.person, input.project, input.memberships, input.at)
}

may_take_back if facts.leader(input.person, input.project, input.memberships, input.at)

may_take_back if independent_checker
