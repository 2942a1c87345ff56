// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICommonErrors} from "./ICommonErrors.sol";
import {IOracle} from "./IOracle.sol";

/// @title IBoundedOracle
/// @notice The price of one oracle, held against that of another.
///
/// Notes:
/// - Proofs are those of the primary, and pass through to it unchanged. The reference is read without one.
/// - Farther than `maxDeviation` from the reference, nothing executes and nothing is liquidated.
/// - While the reference cannot be read, prices carry `closingOnly`: accounts can still leave.
/// - {IOracle-latest} is the reference's, or the primary's while the reference cannot be read.
/// - The sequencer, absence of prices, least margin and deviation threshold are the primary's.
/// - The reference is held against an order's price as it is when the order executes; so `maxDeviation` must leave
///   room for what the price moves in an execution window, beside the reference's own threshold.
interface IBoundedOracle is IOracle, ICommonErrors {
    /// @notice Thrown when the price is farther from the reference than `maxDeviation` of it.
    error PriceBeyondReference(uint256 price, uint256 boundingPrice, uint256 maxDeviation);

    /// @notice Thrown when the gas left could make a reading of the reference fail that would succeed with more.
    error InsufficientReferenceGas(uint256 gasLeft, uint256 required);

    /// @notice The oracle whose price is given.
    /// @return oracle The oracle.
    function primaryOracle() external view returns (address oracle);

    /// @notice The oracle that bounds it.
    /// @return oracle The oracle.
    function referenceOracle() external view returns (address oracle);

    /// @notice Farthest that the price may be from the reference, as a share of the reference [WAD].
    /// @return ratio The share.
    function maxDeviation() external view returns (uint256 ratio);
}
