ln -s /etc/passwd subscribers/passwd.toml
