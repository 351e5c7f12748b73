# METADATA
# title: Stewardship
# description: Who may see what became of a dataset, who hands it over, who says, reads and answers what is wrong with something.
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
	reason := "Only an output checker who may review the project and has no tie to it answers for a decision on it; ask one of them."
}

deny contains reason if {
	input.action == "hand_over_dataset"
	not may_hand_over
	reason := people.not_steward(input.dataset)
}

deny contains "The question names another steward than the dataset has; load its page again." if {
	input.action == "hand_over_dataset"
	not input.present.id == input.dataset.steward
}

deny contains "Who takes it over has to be a data steward in good standing today; ask the enclave's admin for that role first." if {
	input.action == "hand_over_dataset"
	not serves(input.successor)
}

deny contains "A dataset stays with its institution; choose a data steward of the same one." if {
	input.action == "hand_over_dataset"
	not of_its_institution
}

deny contains "They are its steward already; choose somebody else." if {
	input.action == "hand_over_dataset"
	not another
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
	facts.may_review(input.reviewing, input.person.id)
	not mine
	not handed_in
}

handed_in if input.submission.author == input.person.id

may_hand_over if people.steward_of(input.dataset)

# Where its steward can't act any more an admin names another, never themselves.
may_hand_over if {
	facts.holds(input.person, "admin", input.at)
	is_string(input.present.id)
	out_of_office(input.present)
	is_string(input.successor.id)
	input.successor.id != input.person.id
}

# Said positively: a fact that is missing opens no way around the present steward.
out_of_office(steward) if steward.active == false

out_of_office(steward) if steward.suspended == true

out_of_office(steward) if {
	is_array(steward.roles)
	not facts.holds(steward, "data_steward", input.at)
}

serves(steward) if {
	facts.active(steward)
	facts.unsuspended(steward)
	facts.holds(steward, "data_steward", input.at)
}

of_its_institution if {
	is_string(input.institution)
	input.successor.institution == input.institution
}

another if {
	is_string(input.successor.id)
	is_string(input.present.id)
	input.successor.id != input.present.id
}
