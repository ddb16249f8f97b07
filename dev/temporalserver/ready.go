package temporalserver

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

const (
	readyTimeout  = 30 * time.Second
	readyInterval = 50 * time.Millisecond
)

// awaitReady returns when the namespace answers and knows every search
// attribute.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{
		HostPort: reachable(s.options), Namespace: s.options.Namespace,
		Logger: log.NewStructuredLogger(slog.New(s.options.Log)),
	})
	if err != nil {
		return fmt.Errorf("connect to the Temporal server: %w", err)
	}
	defer c.Close()

	if err := awaitNamespace(ctx, c, s.options.Namespace); err != nil {
		return fmt.Errorf("wait for the Temporal server: %w", err)
	}
	return addSearchAttributes(ctx, c, s.options)
}

func awaitNamespace(ctx context.Context, c client.Client, name string) error {
	for {
		_, err := c.WorkflowService().DescribeNamespace(ctx,
			&workflowservice.DescribeNamespaceRequest{Namespace: name})
		if err == nil {
			return nil
		}

		select {
		case <-ctx.Done():
			return err
		case <-time.After(readyInterval):
		}
	}
}

// addSearchAttributes registers what a newer version of the program brought
// to a file of an older one.
func addSearchAttributes(ctx context.Context, c client.Client, o Options) error {
	known, err := c.OperatorService().ListSearchAttributes(ctx,
		&operatorservice.ListSearchAttributesRequest{Namespace: o.Namespace})
	if err != nil {
		return fmt.Errorf("list the search attributes: %w", err)
	}

	missing := map[string]enums.IndexedValueType{}
	for name, kind := range o.SearchAttributes {
		if _, ok := known.GetCustomAttributes()[name]; !ok {
			missing[name] = kind
		}
	}

	if len(missing) == 0 {
		return nil
	}

	_, err = c.OperatorService().
		AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: o.Namespace, SearchAttributes: missing,
		})
	if err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}

	return nil
}
