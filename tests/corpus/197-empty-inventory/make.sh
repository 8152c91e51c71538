rm -r devices subscribers
