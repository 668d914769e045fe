"""The routes of the web view: parameters in, a rendered model out."""
