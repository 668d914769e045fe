"""The manifests of k8s/ as objects, the schemas they must fit, and the policies they must keep."""
