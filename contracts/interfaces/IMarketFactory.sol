// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketParameters} from "../types/MarketParameters.sol";

/// @dev The contracts of a market.
struct MarketAddresses {
    address marginVault;
    address liquidityVault;
    address orderBook;
    address charter;
    address mandateBook;
}

/// @title IMarketFactory
/// @notice Creates markets for anybody and vouches for none.
interface IMarketFactory {
    /// @notice Emitted when a market is created.
    event MarketCreated(
        uint256 indexed marketId,
        address indexed creator,
        address marginVault,
        address liquidityVault,
        address orderBook,
        address charter,
        address mandateBook,
        MarketParameters parameters
    );

    /// @notice Thrown when no market has this id.
    error MarketNotFound(uint256 marketId);

    /// @notice Thrown when {deployment} is asked for outside a creation.
    error NoDeploymentUnderWay();

    /// @notice Creates a market. Parameters are checked against the hard bounds by the contracts.
    ///
    /// @dev Emits {MarketCreated}.
    ///
    /// Notes:
    /// - The settlement token is probed: 10,007 units move from the caller here and back. The caller must hold and
    ///   have approved them.
    ///
    /// Requirements:
    /// - The token must move exactly what it is asked to and have at most 18 decimals.
    /// - Every parameter must lie within the hard bounds.
    ///
    /// @param parameters Everything that defines the market; nothing of it can be changed afterwards.
    /// @return marketId Number of the market, from 1.
    /// @return addresses Its contracts.
    function createMarket(
        MarketParameters calldata parameters
    ) external returns (uint256 marketId, MarketAddresses memory addresses);

    /// @notice What the market under creation is made of; read by the constructors of its contracts.
    function deployment() external view returns (MarketParameters memory parameters, MarketAddresses memory addresses);

    /// @notice The contracts of a market.
    function marketOf(uint256 marketId) external view returns (MarketAddresses memory addresses);

    /// @notice What a market was created with; nothing of it can change.
    function parametersOf(uint256 marketId) external view returns (MarketParameters memory parameters);

    /// @notice How many markets there are.
    function marketCount() external view returns (uint256);
}
