package temporalserver

import (
	"fmt"
	"net"
	"strconv"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"

	"roomcover.dev/roomcover/freeport"
)

const (
	clusterName = "active"
	// clusterID must stay the same for a file's whole life.
	clusterID = "2f3d0f6e-5b1f-4d0c-9a53-6f4a1c0e7b10"
	storeName = "sqlite"
	localhost = "127.0.0.1"
)

// innerServices are not for clients; they take any free port.
var innerServices = []primitives.ServiceName{
	primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
}

func newTemporal(o Options, store *config.SQL) (temporal.Server, error) {
	free, err := freeport.Find(localhost, len(innerServices))
	if err != nil {
		return nil, err
	}

	rpc := map[primitives.ServiceName]config.RPC{
		primitives.FrontendService: {GRPCPort: o.FrontendPort, BindOnIP: o.Host},
	}
	for i, name := range innerServices {
		rpc[name] = config.RPC{GRPCPort: free[i], BindOnIP: localhost}
	}

	return temporal.NewServer(
		temporal.WithConfig(serverConfig(o, store, rpc)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(o, rpc)),
		temporal.WithDynamicConfigClient(tuning(o.settings)),
		temporal.WithLogger(newLogger(o.Log, o.LogLevel)),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
}

func serverConfig(
	o Options, store *config.SQL, rpc map[primitives.ServiceName]config.RPC,
) *config.Config {
	services := make(map[string]config.Service, len(rpc))
	for name, r := range rpc {
		services[string(name)] = config.Service{RPC: r}
	}

	off := config.Archival{
		History:    config.HistoryArchival{State: config.ArchivalDisabled},
		Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
	}

	conf := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: store}},
		},
		ClusterMetadata:     oneCluster(reachable(o)),
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival:            off,
		PublicClient:        config.PublicClient{HostPort: reachable(o)},
	}

	conf.NamespaceDefaults.Archival.History.State = config.ArchivalDisabled
	conf.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled
	return conf
}

func oneCluster(address string) *cluster.Config {
	return &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
			Enabled:                true,
			InitialFailoverVersion: 1,
			RPCAddress:             address,
			ClusterID:              clusterID,
		}},
	}
}

// hosts tells the services of each other, in place of a gossip ring.
func hosts(
	o Options, rpc map[primitives.ServiceName]config.RPC,
) map[primitives.ServiceName]static.Hosts {
	all := map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(reachable(o)),
	}
	for _, name := range innerServices {
		all[name] = static.SingleLocalHost(fmt.Sprintf("%s:%d", localhost, rpc[name].GRPCPort))
	}
	return all
}

// reachable is the frontend's address as seen from this process: a wildcard
// address can be listened on but not connected to.
func reachable(o Options) string {
	host := o.Host
	if net.ParseIP(host).IsUnspecified() {
		host = localhost
	}
	return net.JoinHostPort(host, strconv.Itoa(o.FrontendPort))
}
