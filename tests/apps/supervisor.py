"""supervisord that runs nginx, PHP-FPM and cron with a job from cron.d."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["supervisor", "nginx-light", "php-fpm", "cron"],
    files={
        "/etc/supervisor/conf.d/web.conf": """
[supervisord]
nodaemon=true
user=root
[program:nginx]
command=nginx -g "daemon off;"
[program:php]
command=php-fpm8.2 -F
[program:cron]
command=cron -f
[program:worker]
command=/srv/worker.sh
""",
        "/srv/worker.sh": "#!/bin/sh\nwhile :; do date +%s > /tmp/beat; sleep 1; done\n",
        "/srv/job.sh": "#!/bin/sh\nwc -c < /tmp/beat > /tmp/job\n",
        "/etc/cron.d/job": "* * * * * root /srv/job.sh\n",
        "/etc/nginx/sites-enabled/default": """server {
    listen 80;
    root /srv/www;
    location ~ \\.php$ {
        include snippets/fastcgi-php.conf;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
    }
}
""",
        "/srv/www/index.php": "<?php echo 'beat ', strlen(file_get_contents('/tmp/beat')), ' job ',"
                              " file_exists('/tmp/job') ? 'done' : 'open';\n",
    },
    setup="install -d -o www-data /run/php",
    cmd=["/usr/bin/supervisord", "-c", "/etc/supervisor/supervisord.conf"],
)


def probe(app):
    with app.start() as service:
        want(service.get(80, "/index.php"), "beat 11")

        def job_done():
            import http.client
            connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=5)
            connection.request("GET", "/index.php")
            return True if b"job done" in connection.getresponse().read() else None

        service.eventually("cron did not run the job", job_done, patience=75)
