# The program in a container: compiled, on a base that holds a C library and nothing else. A public edge:
#
#   docker build -t sallyport .
#   docker run -p 80:80 -p 443:443 -v sallyport:/data sallyport --domain tunnels.example.com
#
# An agent, configured by the environment (NGROK_AUTHTOKEN and NGROK_CONFIG will do as well):
#
#   docker build --target agent -t sallyport-agent .
#   docker run -e SALLYPORT_CONNECT_URL=connect.tunnels.example.com:443 -e SALLYPORT_AUTHTOKEN \
#     sallyport-agent http host.docker.internal:8080
#
# The image has no shell and runs as nobody in particular; ports below 1024 are open to it because
# containers start with ip_unprivileged_port_start=0.

FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm run setup && tests/node_modules/.bin/deno task compile && mkdir -p /out/data \
  && cp dist/sallyport-* /out/sallyport

FROM gcr.io/distroless/cc-debian12:nonroot AS agent
COPY --from=build /out/sallyport /sallyport
# The inspector and the agent's API, for whoever publishes the port and sets web_addr: 0.0.0.0:4040.
EXPOSE 4040
STOPSIGNAL SIGTERM
ENTRYPOINT ["/sallyport"]

FROM gcr.io/distroless/cc-debian12:nonroot AS edge
COPY --from=build /out/sallyport /sallyport
COPY --from=build --chown=nonroot:nonroot /out/data /data
ENV SALLYPORT_EDGE_DATA=/data
VOLUME /data
EXPOSE 80 443
# SIGTERM lets requests finish; give them more than docker's 10 s: docker stop -t 15.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/sallyport", "edge"]
