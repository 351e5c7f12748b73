# METADATA
# title: What OPA writes down
# description: Of each answer, which package gave it and for which request; never the question, which is about people, nor the answer, which the portal keeps.
package system.log

import rego.v2

mask contains "/input"

mask contains "/result"

# Leases ask every two seconds; who can reach what is asked in hundreds.
drop if input.path == "reach/decisions"
