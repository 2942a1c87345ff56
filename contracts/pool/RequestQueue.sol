// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidityVault, PoolRequest} from "../interfaces/ILiquidityVault.sol";

/// @dev Requests in the order they were made, doubly linked: a cancelled one leaves no gap that a keeper would have to
/// pay for skipping.
struct Queue {
    /// @dev Number of the request that is served next; 0 when none waits.
    uint64 first;
    /// @dev Number of the request made last that still waits; 0 when none waits.
    uint64 last;
    /// @dev Newest number given, from 1.
    uint64 newest;
    mapping(uint256 requestNumber => PoolRequest request) requests;
}

/// @title RequestQueue
/// @notice First in, first out, with removal from anywhere.
library RequestQueue {
    /// @notice Appends a request made now.
    function push(Queue storage queue, address controller, uint128 amount) internal returns (uint64 requestNumber) {
        requestNumber = queue.newest + 1;
        uint64 last = queue.last;
        if (last == 0) queue.first = requestNumber;
        else queue.requests[last].next = requestNumber;
        queue.requests[requestNumber] = PoolRequest({
            controller: controller,
            requestedAt: uint64(block.timestamp),
            feePaid: false,
            amount: amount,
            previous: last,
            next: 0
        });
        queue.newest = requestNumber;
        queue.last = requestNumber;
    }

    /// @notice Takes a waiting request out.
    function remove(Queue storage queue, uint256 requestNumber, PoolRequest memory request) internal {
        if (request.previous == 0) queue.first = request.next;
        else queue.requests[request.previous].next = request.next;
        if (request.next == 0) queue.last = request.previous;
        else queue.requests[request.next].previous = request.previous;
        delete queue.requests[requestNumber];
    }

    /// @notice The first request, once `delay` has passed since it was made; number 0 when there is none.
    function due(
        Queue storage queue,
        uint64 delay
    ) internal view returns (uint256 requestNumber, PoolRequest memory request) {
        requestNumber = queue.first;
        if (requestNumber == 0) return (0, request);
        request = queue.requests[requestNumber];
        if (block.timestamp < request.requestedAt + delay) requestNumber = 0;
    }

    /// @notice A request that must be waiting.
    function get(Queue storage queue, uint256 requestNumber) internal view returns (PoolRequest memory request) {
        request = queue.requests[requestNumber];
        require(request.controller != address(0), ILiquidityVault.RequestNotFound(requestNumber));
    }
}
