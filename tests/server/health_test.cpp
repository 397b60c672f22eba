#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "tests/server/gate.h"
#include "tests/server/server_fixture.h"

namespace stampd::server {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::reflection::v1::ServerReflection;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

class HealthTest : public ServerTest {
 protected:
  grpc::Status Check(const std::string& service, HealthCheckResponse::ServingStatus* answer) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = Health::NewStub(channel())->Check(&context, request, &response);
    *answer = response.status();
    return status;
  }
};

TEST_F(HealthTest, EveryNameServes) {
  for (const char* name : {"", "stampd.v1.TextToImage", "model/fake", "model/second", "liveness", "readiness"}) {
    HealthCheckResponse::ServingStatus answer;
    EXPECT_TRUE(Check(name, &answer).ok()) << name;
    EXPECT_EQ(answer, HealthCheckResponse::SERVING) << name;
  }
}

TEST_F(HealthTest, AnUnknownNameIsNotFound) {
  HealthCheckResponse::ServingStatus answer;
  EXPECT_EQ(Check("model/other", &answer).error_code(), grpc::NOT_FOUND);
}

TEST_F(HealthTest, DrainingIsNotServingButAlive) {
  server().BeginDrain();
  for (const char* name : {"", "stampd.v1.TextToImage", "model/fake", "readiness"}) {
    HealthCheckResponse::ServingStatus answer;
    EXPECT_TRUE(Check(name, &answer).ok()) << name;
    EXPECT_EQ(answer, HealthCheckResponse::NOT_SERVING) << name;
  }
  HealthCheckResponse::ServingStatus answer;
  EXPECT_TRUE(Check("liveness", &answer).ok());
  EXPECT_EQ(answer, HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, AWatcherIsToldOfTheDrain) {
  const auto stub = Health::NewStub(channel());
  grpc::ClientContext context;
  const auto reader = stub->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server().BeginDrain();
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  server().Stop();
  while (reader->Read(&response)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
}

class ReflectionTest : public ServerTest {
 protected:
  ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
    const auto stub = ServerReflection::NewStub(channel());
    grpc::ClientContext context;
    const auto conversation = stub->ServerReflectionInfo(&context);
    conversation->Write(request);
    ServerReflectionResponse response;
    EXPECT_TRUE(conversation->Read(&response));
    conversation->WritesDone();
    EXPECT_TRUE(conversation->Finish().ok());
    return response;
  }

  std::vector<std::string> Services() {
    ServerReflectionRequest request;
    request.set_list_services("");
    const ServerReflectionResponse response = Ask(request);
    std::vector<std::string> names;
    for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
    return names;
  }
};

TEST_F(ReflectionTest, EveryListedServiceCanBeDescribed) {
  const std::vector<std::string> services = Services();
  EXPECT_EQ(services,
            (std::vector<std::string>{"stampd.v1.TextToImage", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                      "grpc.reflection.v1alpha.ServerReflection"}));
  for (const std::string& service : services) {
    ServerReflectionRequest request;
    request.set_file_containing_symbol(service);
    EXPECT_GE(Ask(request).file_descriptor_response().file_descriptor_proto_size(), 1) << service;
  }
}

TEST_F(ReflectionTest, AFileComesWithItsImports) {
  ServerReflectionRequest request;
  request.set_file_by_filename("stampd/v1/text_to_image.proto");
  EXPECT_EQ(Ask(request).file_descriptor_response().file_descriptor_proto_size(), 2);  // itself and duration.proto
}

TEST_F(ReflectionTest, WhatIsNotThereIsNotFound) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol("stampd.v1.Nothing");
  EXPECT_EQ(Ask(request).error_response().error_code(), grpc::NOT_FOUND);
  request.set_file_by_filename("nothing.proto");
  EXPECT_EQ(Ask(request).error_response().error_code(), grpc::NOT_FOUND);
}

}  // namespace
}  // namespace stampd::server
