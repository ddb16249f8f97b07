package deploy_test

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
)

const root = "../"

// secrets are the variables without a default: compose refuses to start
// without them.
var secrets = map[string]string{
	"ROOMCOVER_KEY":         strings.Repeat("ab", 32),
	"POSTGRES_PASSWORD":     "p1",
	"ROOMCOVER_DB_PASSWORD": "p2",
	"TEMPORAL_DB_PASSWORD":  "p3",
}

func load(t *testing.T, environment map[string]string) (*types.Project, error) {
	t.Helper()
	text, err := os.ReadFile(root + "docker-compose.yml")
	require.NoError(t, err)
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: "docker-compose.yml", Content: text}},
		Environment: maps.Clone(environment), // the loader adds to it
	})
}

func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t, secrets)
	require.NoError(t, err)
	return p
}

// variables are the names in the env tags of the config struct.
func variables() []string { return tagged(reflect.TypeOf(config.Config{})) }

func tagged(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if name := f.Tag.Get("env"); name != "" {
			names = append(names, name)
		} else if f.Type.Kind() == reflect.Struct {
			names = append(names, tagged(f.Type)...)
		}
	}
	return names
}

// ours are the services that run the program.
var ours = []string{"migrate", "serve", "worker"}

func TestComposeSetsOnlyVariablesThatTheProgramReads(t *testing.T) {
	for name, s := range project(t).Services {
		if !slices.Contains(ours, name) {
			continue
		}
		for variable := range s.Environment {
			require.Contains(t, variables(), variable, "%s sets a variable that nobody reads", name)
		}
	}
}

func TestComposeGivesEveryCommandSettingsThatHold(t *testing.T) {
	p := project(t)
	for _, name := range ours {
		s, ok := p.Services[name]
		require.True(t, ok, name)
		require.Equal(t, types.ShellCommand{name}, s.Command)
		set := map[string]string{}
		for k, v := range s.Environment {
			require.NotNil(t, v, "%s of %s has no value", k, name)
			set[k] = *v
		}
		c, err := config.ReadFrom(set)
		require.NoError(t, err, name)
		require.Contains(t, c.DatabaseURL, "@postgres:5432/roomcover", "the service's own database")
		require.Equal(t, "temporal:7233", c.Temporal.Address)
		require.Equal(t, "mailpit", c.SMTP.Host)
		require.Less(t, c.StopTimeout, grace(s), "%s is killed before it has stopped", name)
	}
}

func TestComposeRefusesToStartWithoutItsSecrets(t *testing.T) {
	for name := range secrets {
		set := maps.Clone(secrets)
		delete(set, name)
		_, err := load(t, set)
		require.ErrorContains(t, err, name)
	}
}

func TestComposeStartsThePartsInOrder(t *testing.T) {
	for service, needs := range map[string]map[string]string{
		"temporal":    {"postgres": "service_healthy"},
		"temporal-ui": {"temporal": "service_healthy"},
		"migrate":     {"postgres": "service_healthy"},
		"serve":       {"postgres": "service_healthy", "migrate": "service_completed_successfully"},
		"worker": {
			"postgres": "service_healthy",
			"migrate":  "service_completed_successfully",
			"temporal": "service_healthy",
			"mailpit":  "service_healthy",
		},
	} {
		s, ok := project(t).Services[service]
		require.True(t, ok, service)
		found := map[string]string{}
		for name, d := range s.DependsOn {
			found[name] = d.Condition
		}
		require.Equal(t, needs, found, service)
	}
}

func TestComposePinsEveryImage(t *testing.T) {
	for name, s := range project(t).Services {
		if slices.Contains(ours, name) {
			require.NotNil(t, s.Build, name)
			continue
		}
		require.Regexp(t, regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)?$`), s.Image, name)
	}
}

func TestComposeRunsTheProgramWithoutPrivileges(t *testing.T) {
	p := project(t)
	for _, name := range ours {
		s := p.Services[name]
		require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, s.User, name)
		require.True(t, s.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Contains(t, s.SecurityOpt, "no-new-privileges:true", name)
	}
}

func TestComposeChecksTheHealthOfWhatRuns(t *testing.T) {
	for name, s := range project(t).Services {
		if name == "migrate" || name == "temporal-ui" {
			continue
		}
		require.NotNil(t, s.HealthCheck, name)
	}
	p := project(t)
	require.Contains(t, p.Services["worker"].HealthCheck.Test,
		*p.Services["worker"].Environment["ROOMCOVER_WORKER_METRICS_LISTEN"])
}

// The ports of a catcher of mails and of the Temporal UI must not be open to
// the network.
func TestComposePublishesOnThisMachineOnly(t *testing.T) {
	for name, s := range project(t).Services {
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
		}
	}
}

func TestDatabaseRolesAreNoSuperusers(t *testing.T) {
	p := project(t)
	mounted := false
	for _, v := range p.Services["postgres"].Volumes {
		mounted = mounted || strings.HasSuffix(v.Source, "deploy/postgres-init.sh") &&
			strings.HasPrefix(v.Target, "/docker-entrypoint-initdb.d/")
	}
	require.True(t, mounted)
	text, err := os.ReadFile("postgres-init.sh")
	require.NoError(t, err)
	roles := regexp.MustCompile(`CREATE ROLE (\w+) ([A-Z ]+)`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, roles, 2)
	for _, role := range roles {
		for _, right := range []string{"NOSUPERUSER", "NOBYPASSRLS", "NOCREATEDB", "NOCREATEROLE"} {
			require.Contains(t, role[2], right, role[1])
		}
	}
}

func TestImageIsStaticAndNotRoot(t *testing.T) {
	text, err := os.ReadFile(root + "Dockerfile")
	require.NoError(t, err)
	require.Contains(t, string(text), "CGO_ENABLED=0")
	require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, string(text))
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(text), -1) {
		require.Contains(t, from[1], ":", "a tag is named")
		require.NotContains(t, from[1], "latest")
	}
}

func TestExampleOfTheEnvironmentNamesEverySecretAndKeepsThemEmpty(t *testing.T) {
	text, err := os.ReadFile(root + ".env.example")
	require.NoError(t, err)
	compose, err := os.ReadFile(root + "docker-compose.yml")
	require.NoError(t, err)
	for name := range secrets {
		require.Contains(t, string(text), "\n"+name+"=\n")
	}
	for _, line := range strings.Split(string(text), "\n") {
		if name, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			require.Contains(t, string(compose), "${"+name, "compose does not read it")
		}
	}
}
