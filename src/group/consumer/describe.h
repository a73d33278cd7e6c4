// What ConsumerGroupDescribe says of one group.
#pragma once

#include <string_view>

#include "group/consumer/consumer_group.h"
#include "metadata/image.h"
#include "wire/api/69_consumer_group_describe.h"

namespace moldau::group::consumer {

/// Describes `group`; views it and `image`. `default_assignor`: of a group whose members ask for none. Topics that do
/// not exist any more are left out.
wire::ConsumerGroupDescribeResponse::DescribedGroup describe(const ConsumerGroup& group, const metadata::Image& image,
                                                             std::string_view default_assignor);

}  // namespace moldau::group::consumer
