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
	"roomcover.dev/roomcover/deploy"
)

const root = "../"

// secrets are the variables without a default: compose refuses to start
// without them.
var secrets = map[string]string{
	"ROOMCOVER_KEY":                 strings.Repeat("0123456789abcdef", 4),
	"POSTGRES_PASSWORD":             "p1",
	"ROOMCOVER_DB_PASSWORD":         "p2",
	"ROOMCOVER_SERVICE_DB_PASSWORD": "p4",
	"TEMPORAL_DB_PASSWORD":          "p3",
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
var ours = []string{"mailin", "migrate", "serve", "worker"}

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
		require.Empty(t, c.Dangers(), "what stays between the containers is easy")
		require.Contains(t, c.DatabaseURL, "//roomcover_service:p4@postgres:5432/roomcover",
			"the service's own database and role")
		owner := "postgres://roomcover:p2@postgres:5432/roomcover?sslmode=disable"
		if name != "migrate" {
			owner = ""
		}
		require.Equal(t, owner, c.OwnerDatabaseURL, "%s and the owner's password", name)
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
		"temporal-schema": {"postgres": "service_healthy"},
		"temporal": {
			"postgres":        "service_healthy",
			"temporal-schema": "service_completed_successfully",
		},
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

// unresolved are the images whose digests nobody could look up when they were pinned: their
// exact version is named, and make digests adds the digest.
var unresolved = []string{"temporalio/server", "temporalio/admin-tools", "temporalio/ui"}

func requirePinned(t *testing.T, image string) {
	t.Helper()
	tagged, digest, _ := strings.Cut(image, "@")
	name, tag, _ := strings.Cut(tagged, ":")
	require.NotEmpty(t, tag, image)
	require.NotContains(t, tag, "latest")
	if digest == "" {
		require.Contains(t, unresolved, name)
		require.Regexp(t, `^\d+\.\d+\.\d+$`, tag, "an exact version")
		return
	}
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, digest, image)
}

func TestComposePinsEveryImage(t *testing.T) {
	for name, s := range project(t).Services {
		if slices.Contains(ours, name) {
			require.NotNil(t, s.Build, name)
			continue
		}
		requirePinned(t, s.Image)
	}
}

func TestImageIsBuiltFromPinnedImages(t *testing.T) {
	text, err := os.ReadFile(root + "Dockerfile")
	require.NoError(t, err)
	froms := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, froms, 2)
	for _, from := range froms {
		requirePinned(t, from[1])
	}
}

func TestComposeBoundsWhatEachServiceMayTake(t *testing.T) {
	for name, s := range project(t).Services {
		require.NotNil(t, s.Deploy, name)
		limits := s.Deploy.Resources.Limits
		require.NotNil(t, limits, name)
		require.Positive(t, limits.NanoCPUs, name)
		require.Positive(t, limits.MemoryBytes, name)
		require.Positive(t, limits.Pids, name)
		require.NotNil(t, s.Logging, name)
		require.NotEmpty(t, s.Logging.Options["max-size"], "%s fills the disk with its log", name)
	}
}

// Development and deployment run the same Temporal: the server that dev embeds, its schema
// by the tool of the same version, and the UI that dev embeds.
func TestComposeRunsTheTemporalThatDevelopmentEmbeds(t *testing.T) {
	text, err := os.ReadFile(root + "dev/go.mod")
	require.NoError(t, err)
	version := func(module string) string {
		m := regexp.MustCompile(`(?m)^\s` + regexp.QuoteMeta(module) + ` v(\S+)`).FindStringSubmatch(string(text))
		require.NotNil(t, m, module)
		return m[1]
	}
	p := project(t)
	server := version("go.temporal.io/server")
	for service, want := range map[string]string{
		"temporal":        "temporalio/server:" + server,
		"temporal-schema": "temporalio/admin-tools:" + server,
		"temporal-ui":     "temporalio/ui:" + version("github.com/temporalio/ui-server/v2"),
	} {
		image, _, _ := strings.Cut(p.Services[service].Image, "@")
		require.Equal(t, want, image)
	}
}

// The server does not start without the file of its settings, and the schema's script runs
// before it.
func TestComposeGivesTemporalItsFiles(t *testing.T) {
	p := project(t)
	settings := *p.Services["temporal"].Environment["DYNAMIC_CONFIG_FILE_PATH"]
	mounts := map[string]string{}
	for _, name := range []string{"temporal", "temporal-schema"} {
		for _, v := range p.Services[name].Volumes {
			require.True(t, v.ReadOnly)
			require.FileExists(t, v.Source)
			mounts[v.Target] = v.Source
		}
	}
	require.Contains(t, mounts, settings)
	require.Equal(t, types.ShellCommand{"/bin/sh", "/temporal-schema.sh"}, p.Services["temporal-schema"].Entrypoint)
	require.Contains(t, mounts, "/temporal-schema.sh")
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
		if name == "migrate" || name == "temporal-schema" || name == "temporal-ui" {
			continue
		}
		if name == "mailin" { // the mail server that hands mails over sees whether it answers
			continue
		}
		require.NotNil(t, s.HealthCheck, name)
	}
	p := project(t)
	require.NotNil(t, p.Services["serve"].Environment["ROOMCOVER_SERVE_METRICS_LISTEN"])
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

// rolesAt is where the database's container has postgres-roles.sql; the guide names it.
const rolesAt = "/roomcover/postgres-roles.sql"

func TestDatabaseRolesAreNoSuperusers(t *testing.T) {
	p := project(t)
	mounted, roles := false, false
	for _, v := range p.Services["postgres"].Volumes {
		roles = roles || strings.HasSuffix(v.Source, "deploy/postgres-roles.sql") && v.Target == rolesAt
		mounted = mounted || strings.HasSuffix(v.Source, "deploy/postgres-init.sh") &&
			strings.HasPrefix(v.Target, "/docker-entrypoint-initdb.d/")
	}
	require.True(t, mounted)
	require.True(t, roles)
	require.Contains(t, operationsGuide(t), rolesAt)
	text, err := os.ReadFile("postgres-init.sh")
	require.NoError(t, err)
	require.Contains(t, string(text), rolesAt, "it runs what makes the service's roles")
	made := regexp.MustCompile(`CREATE ROLE (\w+)\s+([A-Z ]+)`).
		FindAllStringSubmatch(string(text)+deploy.PostgresRoles, -1)
	require.Len(t, made, 4)
	for _, role := range made {
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
