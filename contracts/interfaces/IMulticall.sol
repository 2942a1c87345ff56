// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IMulticall
/// @notice Several calls to one contract in one transaction.
interface IMulticall {
    /// @notice Thrown when call `index` of a multicall fails; `reason` is its encoded error.
    error CallFailed(uint256 index, bytes reason);

    /// @notice Runs several calls; all or none.
    ///
    /// @dev Reverts with {CallFailed}, which names the call. Takes no ether.
    ///
    /// @param calls Encoded calls to this contract.
    /// @return results What each returned.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results);
}
