package doctor

import "roomcover.dev/roomcover/config"

const aboutSettings = "settings"

// settings says what is dangerous in settings that are right in themselves; what is allowed is
// known already.
func (r *report) settings(c config.Config) {
	for _, d := range c.Dangers() {
		what := d.Setting + ": " + d.What
		switch {
		case d.Refused:
			r.fail(aboutSettings, what, d.Remedy)
		case !d.Allowed:
			r.warn(aboutSettings, what, d.Remedy)
		}
	}
}
