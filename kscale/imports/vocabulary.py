"""Kubernetes' own public words: what may stay as it is when names are taken away.

From the API reference (kubernetes.io/docs/reference: well-known labels, annotations and taints;
resource types), the device plugins' documents and the columns of the openb trace. A word belongs
here only if it says nothing of the cluster that it was found in.
"""

from collections.abc import Mapping

KINDS: Mapping[str, str] = {  # built-in kind to its resource
    "APIService": "apiservices",
    "Binding": "bindings",
    "CertificateSigningRequest": "certificatesigningrequests",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "ClusterTrustBundle": "clustertrustbundles",
    "ComponentStatus": "componentstatuses",
    "ConfigMap": "configmaps",
    "ControllerRevision": "controllerrevisions",
    "CronJob": "cronjobs",
    "CSIDriver": "csidrivers",
    "CSINode": "csinodes",
    "CSIStorageCapacity": "csistoragecapacities",
    "CustomResourceDefinition": "customresourcedefinitions",
    "DaemonSet": "daemonsets",
    "Deployment": "deployments",
    "DeviceClass": "deviceclasses",
    "DeviceTaintRule": "devicetaintrules",
    "Endpoints": "endpoints",
    "EndpointSlice": "endpointslices",
    "Event": "events",
    "FlowSchema": "flowschemas",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "IPAddress": "ipaddresses",
    "Job": "jobs",
    "Lease": "leases",
    "LeaseCandidate": "leasecandidates",
    "LimitRange": "limitranges",
    "LocalSubjectAccessReview": "localsubjectaccessreviews",
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "mutatingadmissionpolicybindings",
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
    "Namespace": "namespaces",
    "NetworkPolicy": "networkpolicies",
    "Node": "nodes",
    "PersistentVolume": "persistentvolumes",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Pod": "pods",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "PodSecurityPolicy": "podsecuritypolicies",
    "PodTemplate": "podtemplates",
    "PriorityClass": "priorityclasses",
    "PriorityLevelConfiguration": "prioritylevelconfigurations",
    "ReplicaSet": "replicasets",
    "ReplicationController": "replicationcontrollers",
    "ResourceClaim": "resourceclaims",
    "ResourceClaimTemplate": "resourceclaimtemplates",
    "ResourceQuota": "resourcequotas",
    "ResourceSlice": "resourceslices",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "RuntimeClass": "runtimeclasses",
    "Secret": "secrets",
    "SelfSubjectAccessReview": "selfsubjectaccessreviews",
    "SelfSubjectReview": "selfsubjectreviews",
    "SelfSubjectRulesReview": "selfsubjectrulesreviews",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
    "ServiceCIDR": "servicecidrs",
    "StatefulSet": "statefulsets",
    "StorageClass": "storageclasses",
    "StorageVersion": "storageversions",
    "StorageVersionMigration": "storageversionmigrations",
    "SubjectAccessReview": "subjectaccessreviews",
    "TokenReview": "tokenreviews",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
    "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
    "VolumeAttachment": "volumeattachments",
    "VolumeAttributesClass": "volumeattributesclasses",
}

RESOURCES = frozenset(KINDS.values())
OTHER = "other"  # what has no type of its own
SUBRESOURCES = frozenset(
    {
        "approval",
        "attach",
        "binding",
        "ephemeralcontainers",
        "eviction",
        "exec",
        "finalize",
        "log",
        "portforward",
        "proxy",
        "resize",
        "scale",
        "status",
        "token",
    }
)
VERBS = frozenset(
    {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch", "apply", "connect"}
)

LABEL_KEYS = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "gpu-model",  # kscale's own name for what the openb trace calls model
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "metadata.name",  # the one field that a node affinity can ask for
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
        "node-role.kubernetes.io/worker",
        "node.kubernetes.io/exclude-from-external-load-balancers",
        "node.kubernetes.io/instance-type",
        "node.kubernetes.io/windows-build",
        "nvidia.com/gpu",
        "nvidia.com/gpu.count",
        "nvidia.com/gpu.memory",
        "nvidia.com/gpu.present",
        "nvidia.com/gpu.product",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)

TAINT_KEYS = frozenset(
    {
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
        "node.cloudprovider.kubernetes.io/shutdown",
        "node.cloudprovider.kubernetes.io/uninitialized",
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/network-unavailable",
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/out-of-service",
        "node.kubernetes.io/pid-pressure",
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/unschedulable",
        "nvidia.com/gpu",
    }
)

VALUES = frozenset(  # of labels and taints, whatever their key
    {
        "",
        "true",
        "false",
        "amd64",
        "arm",
        "arm64",
        "386",
        "loong64",
        "mips64le",
        "ppc64le",
        "riscv64",
        "s390x",
        "linux",
        "windows",
        "darwin",
        # GPU types of the openb trace
        "A10",
        "G1",
        "G2",
        "G3",
        "P100",
        "T4",
        "V100M16",
        "V100M32",
    }
)

EXTENDED = frozenset(
    {
        "amd.com/gpu",
        "aws.amazon.com/neuron",
        "aws.amazon.com/neuroncore",
        "ephemeral-storage",
        "google.com/tpu",
        "gpu-milli",  # kscale's own: thousandths of a GPU
        "gpu.intel.com/i915",
        "gpu.intel.com/xe",
        "habana.ai/gaudi",
        "hugepages-16Gi",
        "hugepages-1Gi",
        "hugepages-2Mi",
        "hugepages-32Mi",
        "hugepages-512Mi",
        "hugepages-64Ki",
        "nvidia.com/gpu",
        "nvidia.com/gpu.shared",
        "rdma/hca",
        "storage",
    }
)

EFFECTS = frozenset({"NoExecute", "NoSchedule", "PreferNoSchedule"})
OPERATORS = frozenset({"DoesNotExist", "Equal", "Exists", "Gt", "In", "Lt", "NotIn"})


def is_public_key(key: str) -> bool:
    """Return whether *key* of a label or taint is Kubernetes' own."""
    return key in LABEL_KEYS or key in TAINT_KEYS


def is_public_type(resource: str) -> bool:
    """Return whether *resource* is a built-in type, a subresource of one, or the rest of all types."""
    built_in, slash, part = resource.partition("/")
    return (built_in in RESOURCES or built_in == OTHER) and (not slash or part in SUBRESOURCES)
