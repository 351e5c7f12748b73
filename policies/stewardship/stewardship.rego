# METADATA
# title: Stewardship
# description: Who may see what became of a dataset, and who says, reads and answers what is wrong with something.
# schemas:
#   - input: schema.stewardship.data
package stewardship

import rego.v2

import data.facts
import data.people

default allow := false

allow if count(deny) == 0

decision := {"allow": allow, "reasons": [reason | some reason in deny]}

deny contains facts.incomplete if not facts.complete(input, data.schemas.stewardship)

deny contains reason if some reason in facts.standing

deny contains reason if some reason in facts.second_factor

deny contains reason if {
	input.action == "see_use"
	not oversees
	reason := sprintf(
		"Who uses “%s” and what left of it is for its data steward, an admin or the auditor to see; ask %s.",
		[input.dataset.title, input.dataset.steward_name],
	)
}

deny contains "Feedback is given in one's own name; sign in as the person who has something to say." if {
	input.what == "give"
	not mine
}

deny contains reason if {
	input.action == "dataset_feedback"
	input.what == "read"
	not may_read_of_dataset
	reason := sprintf(
		"Feedback on “%s” is between who gave it and those who oversee the dataset; ask %s.",
		[input.dataset.title, input.dataset.steward_name],
	)
}

deny contains reason if {
	input.action == "dataset_feedback"
	not input.what in {"give", "read"}
	not people.steward_of(input.dataset)
	reason := people.not_steward(input.dataset)
}

deny contains reason if {
	input.action == "submission_feedback"
	not same_project
	reason := "The submission is of another project; open it from its own project's page."
}

deny contains reason if {
	input.action == "submission_feedback"
	input.what == "give"
	some reason in facts.membership
}

deny contains reason if {
	input.action == "submission_feedback"
	input.what == "read"
	not may_read_of_submission
	reason := "Feedback on a submission is between its project and its output checkers; ask a member of the project."
}

deny contains reason if {
	input.action == "submission_feedback"
	not input.what in {"give", "read"}
	not independent_checker
	reason := "Only an output checker without a tie to the project answers for a decision on it; ask one of them."
}

mine if input.author == input.person.id

oversees if people.steward_of(input.dataset)

oversees if facts.holds(input.person, "admin", input.at)

oversees if facts.holds(input.person, "auditor", input.at)

may_read_of_dataset if mine

may_read_of_dataset if oversees

may_read_of_submission if facts.member(input.person, input.project, input.memberships, input.at)

may_read_of_submission if facts.holds(input.person, "auditor", input.at)

may_read_of_submission if independent_checker

same_project if input.submission.project == input.project.id

independent_checker if {
	facts.holds(input.person, "output_checker", input.at)
	facts.trained(input.person, facts.checking_course, input.at)
	facts.outsider(input.memberships)
	input.conflicted == false
	not mine
	not handed_in
}

handed_in if input.submission.author == input.person.id
