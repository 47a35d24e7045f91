#!/bin/bash
# An instance's first boot: fetches the game sim of its release, makes sure that it is that one, and hands it to systemd. What
# fails here leaves an instance without a game sim, which the alarm on healthy game sims tells.
set -euo pipefail

install --directory --mode=0755 /opt/guildhall /var/log/guildhall
aws s3 cp --only-show-errors --region '${region}' '${binary}' /opt/guildhall/gamesim
echo '${sha256}  /opt/guildhall/gamesim' | sha256sum --check --quiet
chmod 0755 /opt/guildhall/gamesim
useradd --system --no-create-home --shell /sbin/nologin guildhall

# A full core's datagrams of half a second (docs/OPERATIONS.md).
echo 'net.core.rmem_max=4194304' >/etc/sysctl.d/90-guildhall.conf
sysctl --quiet --load=/etc/sysctl.d/90-guildhall.conf

cat >/etc/guildhall.env <<'ENVIRONMENT'
%{ for name, value in environment ~}
${name}=${value}
%{ endfor ~}
ENVIRONMENT

cat >/usr/local/bin/ship-dead-letters <<'SCRIPT'
${ship_dead_letters}
SCRIPT
chmod 0755 /usr/local/bin/ship-dead-letters

cat >/etc/systemd/system/guildhall-gamesim.service <<'UNIT'
[Unit]
Description=Guildhall game sim
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
User=guildhall
EnvironmentFile=/etc/guildhall.env
ExecStart=/opt/guildhall/gamesim
# One that has drained ends with 0 and stays down; one that crashed comes back as its next boot.
Restart=on-failure
RestartSec=1
TimeoutStopSec=${stop_s}
StateDirectory=guildhall
WorkingDirectory=/var/lib/guildhall
StandardOutput=append:/var/log/guildhall/gamesim.log
StandardError=append:/var/log/guildhall/gamesim.log
LimitNOFILE=65536
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
CapabilityBoundingSet=
ExecStopPost=-/usr/local/bin/ship-dead-letters

[Install]
WantedBy=multi-user.target
UNIT

cat >/etc/systemd/system/guildhall-dead-letters.service <<'UNIT'
[Unit]
Description=Hands what could not be written to the queue

[Service]
Type=oneshot
User=guildhall
EnvironmentFile=/etc/guildhall.env
ExecStart=/usr/local/bin/ship-dead-letters
UNIT

cat >/etc/systemd/system/guildhall-dead-letters.timer <<'UNIT'
[Unit]
Description=Hands what could not be written to the queue, each minute

[Timer]
OnActiveSec=60
OnUnitInactiveSec=60

[Install]
WantedBy=timers.target
UNIT

cat >/etc/logrotate.d/guildhall <<'ROTATE'
/var/log/guildhall/gamesim.log {
    size 50M
    rotate 4
    copytruncate
    missingok
}
ROTATE

echo 'DEAD_LETTER_QUEUE=${dead_letter_queue}' >>/etc/guildhall.env
systemctl daemon-reload
systemctl enable --now guildhall-gamesim.service guildhall-dead-letters.timer

# Last, because players do not wait for it: the log goes to CloudWatch.
dnf install --quiet --assumeyes amazon-cloudwatch-agent logrotate
systemctl enable --now logrotate.timer
cat >/opt/aws/amazon-cloudwatch-agent/etc/guildhall.json <<'AGENT'
{
  "agent": { "run_as_user": "root" },
  "logs": { "logs_collected": { "files": { "collect_list": [
    { "file_path": "/var/log/guildhall/gamesim.log", "log_group_name": "${log_group}", "log_stream_name": "{instance_id}" }
  ] } } }
}
AGENT
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s \
    -c file:/opt/aws/amazon-cloudwatch-agent/etc/guildhall.json
