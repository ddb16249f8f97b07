package workflows

import "go.temporal.io/sdk/workflow"

// Gate reports whether a step that is new may be taken: not while a worker polls that does
// not know it, since a workflow that has taken it stands still there. Nil: always.
type Gate func() bool

// takesStep reports whether this run takes a step that an earlier release does not know. A
// run keeps its first answer. One that was refused writes nothing into the history, so that a
// replay, which finds no mark, refuses as well; one that was taken has left its mark there,
// and the gate is not asked again.
func (p *process) takesStep(ctx workflow.Context, name string) bool {
	if takes, ok := p.steps[name]; ok {
		return takes
	}

	takes := false
	if workflow.IsReplaying(ctx) || p.gate == nil || p.gate() {
		takes = workflow.GetVersion(ctx, name, workflow.DefaultVersion, 1) == 1
	}
	p.steps[name] = takes
	return takes
}
