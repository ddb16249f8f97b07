package temporalserver

import (
	"go.temporal.io/server/common/dynamicconfig"
)

// unlimited is a rate no small machine reaches.
const unlimited = 1_000_000

// tuning returns the settings for one small machine. The server's own
// defaults are made for a cluster: they spread task queues over partitions,
// and limit each service's rate so that tenants do not starve each other.
func tuning(overrides map[string]any) dynamicconfig.StaticClient {
	settings := dynamicconfig.StaticClient{
		// One partition: a task and its poller meet at once.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		dynamicconfig.FrontendRPS.Key():                                  unlimited,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():           unlimited,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): unlimited,
		dynamicconfig.HistoryRPS.Key():                                   unlimited,
		dynamicconfig.MatchingRPS.Key():                                  unlimited,

		dynamicconfig.FrontendPersistenceMaxQPS.Key(): unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():  unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key(): unlimited,
		dynamicconfig.WorkerPersistenceMaxQPS.Key():   unlimited,

		// Memory: the default keeps 128,000 workflows.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 4096,

		// The scanners look for leftovers of a cluster's failures; here they
		// are only load.
		dynamicconfig.HistoryScannerEnabled.Key():   false,
		dynamicconfig.TaskQueueScannerEnabled.Key(): false,
	}

	for name, value := range overrides {
		settings[dynamicconfig.MakeKey(name)] = value
	}

	return settings
}
