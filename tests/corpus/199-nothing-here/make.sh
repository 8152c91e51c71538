rm -r *; echo '# hello' > README.md
