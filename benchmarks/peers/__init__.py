"""Who we compete with, each as a process of its own, each with our fold inside."""
