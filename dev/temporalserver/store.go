package temporalserver

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	databaseFile = "temporal.db"
	// unfinishedFile exists while the schema is being set up. When a start
	// finds it, the set-up was killed and the database holds nothing yet.
	unfinishedFile = "temporal.db.unfinished"
)

// openStore makes the database file, its schema and the namespace where they
// are missing, and returns how to connect to it.
func openStore(o Options) (*config.SQL, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the Temporal server's data folder: %w", err)
	}

	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the Temporal server's data folder: %w", err)
	}

	store := connection(filepath.Join(dir, databaseFile), o.pragmas)
	if err := setUpSchema(dir, store); err != nil {
		return nil, inUse(dir, err)
	}
	if err := createNamespace(o, store); err != nil {
		return nil, inUse(dir, err)
	}

	return store, nil
}

// connection describes one connection to the file. The file is locked for
// this process alone: it is the guard against a second server on the same
// data, and it saves a file lock per transaction.
func connection(path string, overrides map[string]string) *config.SQL {
	attributes := map[string]string{
		"mode":               "rwc",
		"busy_timeout":       "2000",
		"locking_mode":       "exclusive",
		"journal_mode":       "wal",
		"synchronous":        "normal",
		"cache_size":         "-32768",
		"temp_store":         "memory",
		"wal_autocheckpoint": "4000",
	}

	maps.Copy(attributes, overrides)
	return &config.SQL{
		PluginName: sqliteplugin.PluginName,
		// The plugin builds a URI of it, where ?, # and % have a meaning.
		DatabaseName:      (&url.URL{Path: path}).EscapedPath(),
		MaxConns:          1,
		ConnectAttributes: attributes,
	}
}

func setUpSchema(dir string, store *config.SQL) error {
	file := filepath.Join(dir, databaseFile)
	mark := filepath.Join(dir, unfinishedFile)
	if exists(mark) {
		for _, name := range []string{file, file + "-wal", file + "-shm", file + "-journal"} {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove an unfinished Temporal database: %w", err)
			}
		}
	}

	if exists(file) {
		return nil
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return fmt.Errorf("begin the Temporal database: %w", err)
	}
	if err := sqliteschema.SetupSchema(store); err != nil {
		return fmt.Errorf("set up the Temporal database: %w", err)
	}

	return os.Remove(mark)
}

func createNamespace(o Options, store *config.SQL) error {
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, o.Namespace, false,
		o.SearchAttributes)
	if err != nil {
		return fmt.Errorf("describe the Temporal namespace: %w", err)
	}

	namespace.Detail.Config.Retention = durationpb.New(o.Retention)
	if err := sqliteschema.CreateNamespaces(store, namespace); err != nil {
		return fmt.Errorf("create the Temporal namespace: %w", err)
	}
	return nil
}

// inUse explains the one error a person meets: another server holds the file.
func inUse(dir string, err error) error {
	if !strings.Contains(err.Error(), "SQLITE_BUSY") &&
		!strings.Contains(err.Error(), "database is locked") {
		return err
	}

	return fmt.Errorf(
		"the data folder %s is in use by another Temporal server: stop it, "+
			"or choose another folder with --data: %w",
		dir, err,
	)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
