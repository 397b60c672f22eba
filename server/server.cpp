#include "server/server.h"

#include <random>
#include <stdexcept>
#include <utility>

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/resource.h>

#include "grpc/health/v1/health.pb.h"
#include "server/metrics.h"
#include "server/reflection.h"
#include "server/scheduler.h"
#include "server/service.h"

namespace stampd::server {
namespace {

using namespace std::chrono_literals;

constexpr char kServiceName[] = "stampd.v1.TextToImage";
constexpr char kLiveness[] = "liveness";

std::uint64_t DrawNumber() {
  thread_local std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::vector<std::string> AllServices() {
  // Nothing else of the health service's descriptor is used, and without a use the linker would leave it out.
  const auto* health = grpc::health::v1::HealthCheckRequest::descriptor()->file()->service(0);
  return {kServiceName, health->full_name(), "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"};
}

void SetChannelArguments(grpc::ServerBuilder& builder, const Config& config) {
  builder.SetMaxReceiveMessageSize(config.max_message_bytes);
  builder.SetMaxSendMessageSize(-1);                        // pictures are as large as was asked for
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second server on the same port must fail, not share
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             30'000);  // else clients' own keepalive is abuse
}

}  // namespace

struct Server::Parts {
  Parts(const Config& config_, HostedModels models_, Log& log)
      : config(config_),
        models(std::move(models_)),
        metrics(models),
        scheduler(config.limits.max_queue, clock, metrics),
        service({models, config.limits, clock, scheduler, metrics, log, DrawNumber}),
        reflection(AllServices()),
        metrics_listener(metrics, config.metrics_listen) {}

  void StartGrpc();
  void SetHealth(bool serving);

  const Config config;
  const HostedModels models;
  const SteadyClock clock;
  Metrics metrics;
  Scheduler scheduler;
  Service service;
  ReflectionService reflection;
  MetricsListener metrics_listener;
  int grpc_port = 0;
  std::unique_ptr<grpc::Server> grpc;
};

void Server::Parts::StartGrpc() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetChannelArguments(builder, config);
  builder.AddListeningPort(config.listen.ToString(), grpc::InsecureServerCredentials(), &grpc_port);
  builder.RegisterService(&service);
  builder.RegisterService(&reflection);
  grpc = builder.BuildAndStart();
  if (grpc == nullptr || grpc_port == 0) {
    throw std::runtime_error("[server] " + config.listen.ToString() +
                             ": can't listen; expected an address of this machine and a free port");
  }
  grpc->GetHealthCheckService()->SetServingStatus(kLiveness, true);
  SetHealth(true);
}

// Liveness stays: a server that drains is well, and must not be killed for it.
void Server::Parts::SetHealth(bool serving) {
  grpc::HealthCheckServiceInterface& health = *grpc->GetHealthCheckService();
  for (const char* name : {"", kServiceName, "readiness"}) health.SetServingStatus(name, serving);
  for (const HostedModel& model : models) health.SetServingStatus("model/" + model.name, serving);
}

Server::Server(const Config& config, HostedModels models, Log& log)
    : parts_(std::make_unique<Parts>(config, std::move(models), log)) {
  parts_->StartGrpc();
}

Server::~Server() { Stop(); }

Endpoint Server::grpc_endpoint() const { return {parts_->config.listen.host, parts_->grpc_port}; }
Endpoint Server::metrics_endpoint() const { return parts_->metrics_listener.endpoint(); }

void Server::BeginDrain() {
  parts_->SetHealth(false);
  parts_->scheduler.Close();
}

bool Server::WaitUntilIdle(std::chrono::milliseconds timeout) { return parts_->scheduler.WaitUntilIdle(timeout); }

// Streams that never end by themselves (health watches) are cut; answers on their way get a moment.
void Server::Stop() {
  parts_->scheduler.Close();
  parts_->scheduler.StopAll();
  parts_->scheduler.WaitUntilIdle(std::chrono::hours(1));
  parts_->grpc->Shutdown(std::chrono::system_clock::now() + 1s);
  parts_->grpc->Wait();
}

void RaiseFileDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace stampd::server
